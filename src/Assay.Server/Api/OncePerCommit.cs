using Assay.Ledger;

namespace Assay.Server.Api;

/// <summary>
/// What takes reading many rows and changes with a commit alone: read when it is asked for, and kept until the ledger goes on. Safe for
/// many threads.
/// </summary>
/// <param name="store">The ledger.</param>
/// <param name="read">Reads it.</param>
internal sealed class OncePerCommit<T>(IEventReader store, Func<Task<T>> read) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private (long Position, T Value)? _kept;

    /// <summary>How often it was read.</summary>
    public long Reads { get; private set; }

    /// <summary>As it stands with the last commit.</summary>
    public async Task<T> ValueAsync()
    {
        await _gate.WaitAsync();
        try
        {
            // Asked for before the rows are read: a commit in between makes it be read again and never be old.
            var position = (await store.ChangesAsync(long.MaxValue - 1)).Position;
            if (_kept is not { } kept || kept.Position != position)
            {
                Reads++;
                _kept = kept = (position, await read());
            }

            return kept.Value;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
