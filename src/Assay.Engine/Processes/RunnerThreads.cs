using System.Collections.Concurrent;

namespace Assay.Engine.Processes;

/// <summary>
/// Threads that each run one process at a time and are kept for the next. A thread of its own, since a cgroup is joined by the thread that spawns,
/// and since a child may ask the kernel to die with the thread that started it.
/// </summary>
internal sealed class RunnerThreads : IDisposable
{
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
        private readonly SemaphoreSlim _wake = new(0);
        private readonly RunnerThreads _owner;
        private Action? _work;

        public Runner(RunnerThreads owner)
        {
            _owner = owner;
            new Thread(Loop) { IsBackground = true, Name = "assay-runner" }.Start();
        }

        public void Start(Action? work)
        {
            _work = work;
            _wake.Release();
        }

        public void Dispose() => _wake.Dispose();

        private void Loop()
        {
            using var self = this;
            for (; ; )
            {
                _wake.Wait();
                if (_work is not { } work) return;
                _work = null;
                work();
                if (_owner._closing) return;
                _owner._idle.Add(this);
            }
        }
    }
}
