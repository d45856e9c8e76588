namespace Assay.Engine.Native;

/// <summary>A process that cannot be mistaken for another one with the same id.</summary>
internal sealed record ProcessIdentity(int Pid, long StartTicks)
{
    public static ProcessIdentity Own { get; } = new(Environment.ProcessId, ProcFs.Read(Environment.ProcessId)?.StartTicks ?? 0);

    public bool IsAlive() => ProcFs.Read(Pid) is { } found && found.StartTicks == StartTicks && found.State != 'Z';

    /// <summary>The identity at the beginning of the name of what a process made: <c>PID-START-…</c>; null when there is none.</summary>
    public static ProcessIdentity? FromName(string name)
    {
        var parts = name.Split('-', '.');
        return parts.Length > 2 && int.TryParse(parts[0], out var pid) && long.TryParse(parts[1], out var start) ? new ProcessIdentity(pid, start) : null;
    }
}
