using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Tests;

namespace Assay.Simulation;

/// <summary>How fake effects end: mostly well, sometimes in each of the ways that real ones fail.</summary>
internal static class FakeOutcomes
{
    public static readonly IReadOnlyDictionary<string, ReadOnlyMemory<byte>> NoEvidence = ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary>An epoch's effect.</summary>
    public static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Of(Effect effect, DateTimeOffset now, Random random) => effect switch
    {
        RunProcess run => (Run(run, now, random), NoEvidence),
        CollectFiles => (new FilesOutcome([new CollectedFile("left.txt", 3, Digest.Of("abc"), null)], Complete: true), NoEvidence),
        _ => throw new InvalidOperationException($"an epoch asks for no {effect}"),
    };

    /// <summary>A process that mostly ends well.</summary>
    public static ProcessOutcome Run(RunProcess run, DateTimeOffset now, Random random)
    {
        var kind = run.NotAfter <= now ? 1 : random.Next(12);
        return new ProcessOutcome
        {
            StartedAt = now,
            DurationMs = random.Next(1000),
            CpuTimeMs = 1,
            PeakRssBytes = 1,
            ExitCode = kind switch { 0 => 1, 1 or 2 => null, _ => 0 },
            Signal = kind is 1 or 2 ? 9 : null,
            KillReason = kind switch { 1 => KillReason.Deadline, 2 => KillReason.MemoryLimit, _ => null },
            Stdout = Output(run.StdoutFile, kind == 3 ? random.Next().ToString() : ""),
            Stderr = Output(run.StderrFile, ""),
            RunRoot = run.RunRoot,
            RunRootPresent = kind != 4,
            Caps = NoCaps.InForce,
        };
    }

    private static Captured Output(string file, string text) => new(file, text.Length, Digest.Of(text), Truncated: false);
}
