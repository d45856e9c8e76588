using System.Diagnostics;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>Ends a set of processes that may grow while it is being ended.</summary>
internal static class KillLoop
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Sends SIGKILL to all members until none is left, and reaps those that were left to this process. Gives up only on processes that the
    /// kernel itself cannot end (uninterruptible sleep).
    /// </summary>
    /// <param name="members">Who is there now.</param>
    /// <param name="leader">The process whose exit status somebody else waits for; 0: none.</param>
    public static IReadOnlyCollection<int> Run(Func<IReadOnlyCollection<int>> members, int leader = 0)
    {
        var found = new HashSet<int>();
        var waited = Stopwatch.StartNew();
        var pause = new SpinWait();
        for (var alive = members(); alive.Count > 0 && waited.Elapsed < Patience; alive = members())
        {
            foreach (var pid in alive)
            {
                found.Add(pid);
                Libc.Kill(pid, Libc.SIGKILL);
            }

            pause.SpinOnce();
            Reap(alive.Where(p => p != leader));
        }

        Reap(found.Where(p => p != leader));
        return found;
    }

    /// <summary>Collects the exit status of processes that became our children; others are not touched.</summary>
    public static unsafe void Reap(IEnumerable<int> pids)
    {
        int status;
        foreach (var pid in pids) _ = Libc.Wait4(pid, &status, Libc.WNOHANG, null);
    }
}
