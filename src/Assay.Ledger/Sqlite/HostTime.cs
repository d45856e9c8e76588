namespace Assay.Ledger.Sqlite;

/// <summary>
/// An instant by both clocks of a host: the one that is set, which other hosts share and which may jump, and the one that goes on from
/// the boot.
/// </summary>
/// <param name="Host">Host name.</param>
/// <param name="BootId">The kernel's boot id, within which <paramref name="BootMs"/> means anything.</param>
/// <param name="Utc">The clock that is set.</param>
/// <param name="BootMs">Milliseconds since the boot, suspended ones included (CLOCK_BOOTTIME).</param>
internal sealed record HostTime(string Host, string BootId, DateTimeOffset Utc, long BootMs)
{
    /// <summary>The clock that is set, as it is stored.</summary>
    public long UtcMs => Utc.ToUnixTimeMilliseconds();

    /// <summary>The end of a lease that is taken now.</summary>
    public LeaseEnd Plus(TimeSpan lease) => new(Utc + lease, BootMs + (long)lease.TotalMilliseconds);

    /// <summary>A wake time as it is stored: never before it, and one that is there already is now.</summary>
    public long WakeMs(TimeSpan after) =>
        after <= TimeSpan.Zero ? UtcMs : (Utc + after + TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond - 1)).ToUnixTimeMilliseconds();

    /// <summary>
    /// What is left of a lease. On its own host that is a matter of the boot and its clock, which nobody sets; the clock that is set decides
    /// only between hosts, and about sessions that were opened without the other one.
    /// </summary>
    public TimeSpan Left(string host, string bootId, LeaseEnd lease) => (host == Host, bootId == BootId, lease.BootMs) switch
    {
        (true, false, _) => TimeSpan.Zero,
        (true, true, { } end) => TimeSpan.FromMilliseconds(end - BootMs),
        _ => lease.Utc - Utc,
    };
}

/// <summary>When a lease runs out, by both clocks of the host that took it.</summary>
/// <param name="Utc">For other hosts.</param>
/// <param name="BootMs">For the same host and boot; null in a session that a version before ledger format 2 opened.</param>
internal readonly record struct LeaseEnd(DateTimeOffset Utc, long? BootMs);
