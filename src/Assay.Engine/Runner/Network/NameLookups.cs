using System.Net;
using System.Threading.Channels;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// Asks the host's resolver for names that the list allows, a few at once and on threads of their own: it may hold each for a minute, which
/// nobody else has to wait for.
/// </summary>
/// <param name="resolve">Asks it, and throws <see cref="System.Net.Sockets.SocketException"/> where it has no answer.</param>
internal sealed class NameLookups(Func<string, IPAddress[]> resolve)
{
    private const int AtOnce = 8;

    private readonly Channel<bool> _places = Channel.CreateBounded<bool>(AtOnce);

    /// <summary>The addresses of a name, or the end of the run, whichever is first.</summary>
    public async Task<IPAddress[]> FindAsync(string name, CancellationToken ended)
    {
        await _places.Writer.WriteAsync(true, ended).ConfigureAwait(false);
        var (none, scheduler) = (CancellationToken.None, TaskScheduler.Default);
        var lookup = Task.Factory.StartNew(() => resolve(name), none, TaskCreationOptions.LongRunning, scheduler);
        _ = lookup.ContinueWith(Release, none, TaskContinuationOptions.ExecuteSynchronously, scheduler);
        return await lookup.WaitAsync(ended).ConfigureAwait(false);
    }

    /// <summary>One that nobody waits for any more still takes its place until it is over.</summary>
    private void Release(Task<IPAddress[]> lookup)
    {
        _ = lookup.Exception;
        _ = _places.Reader.TryRead(out _);
    }
}
