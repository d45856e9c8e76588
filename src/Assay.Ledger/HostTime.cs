namespace Assay.Ledger;

/// <summary>
/// An instant by both clocks of a host: the one that is set, which other hosts share and which may jump, and the one that goes on from
/// the boot.
/// </summary>
/// <param name="Host">Host name.</param>
/// <param name="BootId">The kernel's boot id, within which <paramref name="BootMs"/> means anything.</param>
/// <param name="Utc">The clock that is set.</param>
/// <param name="BootMs">Milliseconds since the boot, suspended ones included (CLOCK_BOOTTIME).</param>
public sealed record HostTime(string Host, string BootId, DateTimeOffset Utc, long BootMs)
{
    /// <summary>The end of a lease that is taken now.</summary>
    public LeaseEnd Plus(TimeSpan lease) => new(Utc + lease, BootMs + (long)lease.TotalMilliseconds);
}

/// <summary>When a lease runs out, by both clocks of the host that took it.</summary>
/// <param name="Utc">For other hosts.</param>
/// <param name="BootMs">For the same host and boot; null in a session that a version before ledger format 2 opened.</param>
public readonly record struct LeaseEnd(DateTimeOffset Utc, long? BootMs);
