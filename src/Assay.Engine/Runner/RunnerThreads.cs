using System.Collections.Concurrent;

namespace Assay.Engine.Runner;

/// <summary>
/// Threads that each run one process at a time and are kept for the next. A thread of its own, since a cgroup is joined by the thread that spawns,
/// and since a child may ask the kernel to die with the thread that started it.
/// </summary>
internal sealed class RunnerThreads : IDisposable
{
    /// <summary>The name of each, by which an engine is known to others on this host.</summary>
    public const string Name = "assay-runner";

    private readonly ConcurrentBag<Runner> _idle = [];
    private volatile bool _closing;

    public Task<T> RunAsync<T>(Func<T> work)
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_idle.TryTake(out var runner)) runner = new Runner(this);
        runner.Start(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public void Dispose()
    {
        _closing = true;
        while (_idle.TryTake(out var runner)) runner.Start(null);
    }

    private sealed class Runner : IDisposable
    {
        // Not a semaphore of the framework's slim kind: that spins before it waits, on cores that the children need.
        private readonly AutoResetEvent _wake = new(initialState: false);
        private readonly RunnerThreads _owner;
        private Action? _work;

        public Runner(RunnerThreads owner)
        {
            _owner = owner;
            new Thread(Loop) { IsBackground = true, Name = RunnerThreads.Name }.Start();
        }

        public void Start(Action? work)
        {
            _work = work;
            _wake.Set();
        }

        public void Dispose() => _wake.Dispose();

        private void Loop()
        {
            using var self = this;
            for (; ; )
            {
                _wake.WaitOne();
                if (_work is not { } work) return;
                _work = null;
                work();
                if (_owner._closing) return;
                _owner._idle.Add(this);
            }
        }
    }
}
