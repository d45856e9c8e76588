namespace Assay.Engine.Performers.Files;

/// <summary>
/// How long it may take to read what a run left. A cancelled run's evidence is read as well, but soon: what is not read by then counts as
/// unreadable, which is a failure.
/// </summary>
internal sealed class EvidenceTime : IDisposable
{
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan WhenCancelled = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _over = new(Most);
    private readonly CancellationTokenRegistration _registration;

    public EvidenceTime(CancellationToken cancel) => _registration = cancel.Register(() => _over.CancelAfter(WhenCancelled));

    /// <summary>Fires when the time is over.</summary>
    public CancellationToken Over => _over.Token;

    public void Dispose()
    {
        _registration.Dispose();
        _over.Dispose();
    }
}
