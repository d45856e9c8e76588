using System.Collections.Immutable;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Observe;

/// <summary>An epoch as it stood at a moment, a line for each crucible, made when it is asked for.</summary>
internal sealed class EpochLines(EpochState state)
{
    /// <summary>The epoch.</summary>
    public string EpochId => state.Declared.EpochId;

    /// <summary>How many crucibles it has.</summary>
    public int Count => state.Crucibles.Length;

    /// <summary>How many of them have ended.</summary>
    public int Done => state.Done;

    /// <summary>How many of those did not pass.</summary>
    public int Failed => state.Failed;

    /// <summary>The place of the first that has not ended, from 0.</summary>
    public int FirstOpen => state.FirstOpen;

    /// <summary>The line of a crucible, by its place from 0.</summary>
    public CrucibleLine this[int place]
    {
        get
        {
            var crucible = state.Crucibles[place];
            return new CrucibleLine
            {
                CrucibleId = crucible.Declared.CrucibleId,
                Outcome = crucible.Result is { } result ? WireName<CrucibleOutcome>.Of(result.Outcome) : null,
                Passed = crucible.Result?.Outcome == CrucibleOutcome.Pass,
                DurationMs = crucible.Run?.DurationMs ?? 0,
                PeakRssBytes = crucible.Run?.PeakRssBytes ?? 0,
                WrittenBytes = (crucible.Run?.Stdout.SizeBytes ?? 0) + (crucible.Run?.Stderr.SizeBytes ?? 0),
                RunsAgain = crucible.NeedsReplay,
                Notes = crucible.Result?.Notes ?? [],
            };
        }
    }

    /// <summary>The line of a crucible of the epoch.</summary>
    public CrucibleLine Line(string crucibleId) => this[state.IndexOf(crucibleId)];
}

/// <summary>A crucible as a line of a list.</summary>
internal sealed record CrucibleLine
{
    /// <summary>The crucible.</summary>
    public required string CrucibleId { get; init; }

    /// <summary>How it ended, in the words of the protocol; null while it has not.</summary>
    public required string? Outcome { get; init; }

    /// <summary>Whether it ended with PASS.</summary>
    public required bool Passed { get; init; }

    /// <summary>How long its process ran.</summary>
    public required long DurationMs { get; init; }

    /// <summary>The most memory that its process held.</summary>
    public required long PeakRssBytes { get; init; }

    /// <summary>What its process wrote to standard output and error.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>Whether it runs a second time, to compare.</summary>
    public required bool RunsAgain { get; init; }

    /// <summary>What its judge noted.</summary>
    public required ImmutableArray<string> Notes { get; init; }
}
