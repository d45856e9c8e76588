using Assay.Engine.Streams;
using Assay.Native;

namespace Assay.Inputs;

/// <summary>
/// Tells when files come, go or change in some folders, also in one that is not there yet. Where this host has no watch to give, it tells so
/// every moment, for whoever is told looks for himself.
/// </summary>
internal sealed class FolderChanges : IDisposable
{
    // What lies on a network file system tells nobody of what other hosts do to it.
    private static readonly TimeSpan WhenWatched = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WhenUnwatched = TimeSpan.FromMilliseconds(250);

    /// <summary>Changes that come closer together are told once: a file is often written in several steps.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly FileWatch? _watch = FileWatch.TryOpen();
    private readonly ManualResetEventSlim _ended = new();
    private readonly List<string> _folders;
    private readonly Thread _thread;

    /// <param name="folders">The folders. One that does not exist is watched once it does, if its parent is among them.</param>
    public FolderChanges(IEnumerable<string> folders)
    {
        _folders = [.. folders];
        _thread = new Thread(Run) { IsBackground = true, Name = "assay-folders" };
        _thread.Start();
    }

    /// <summary>Is set at each change, and now and then.</summary>
    public AsyncSignal Changed { get; } = new();

    public void Dispose()
    {
        _ended.Set();
        _watch?.End();
        _thread.Join();
        _watch?.Dispose();
        _ended.Dispose();
    }

    private void Run()
    {
        while (!_ended.IsSet)
        {
            // Before it is looked, each time: a folder may have been put in the place of the one that was watched.
            var isWatched = _folders.Where(Directory.Exists).ToList().All(f => _watch?.AddFolder(f) == true);
            Changed.Set();
            if (isWatched) _watch!.Wait(WhenWatched);
            _ended.Wait(isWatched ? Pace : WhenUnwatched);
        }
    }
}
