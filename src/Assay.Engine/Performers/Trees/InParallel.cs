using System.Runtime.ExceptionServices;

namespace Assay.Engine.Performers.Trees;

/// <summary>Does the same with many files on all processors.</summary>
internal static class InParallel
{
    /// <summary>Fewer are done sooner than other threads are woken.</summary>
    private const int Few = 32;

    /// <summary>Does it for every number below <paramref name="count"/>, in no order.</summary>
    /// <param name="count">How many.</param>
    /// <param name="act">What is done with one.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="few">So many are done one after the other.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void For(int count, Action<int> act, CancellationToken cancel, int few = Few)
    {
        if (count <= few)
        {
            for (var i = 0; i < count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                act(i);
            }

            return;
        }

        try
        {
            var options = new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount };
            Parallel.For(0, count, options, act);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
