using System.Collections.Immutable;
using System.Text.Json;
using Assay.Engine;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>Reads a ladder and every plan on it, once, and checks all of it before the first one runs.</summary>
internal static class LadderLoader
{
    public static Checked<PreparedLadder> Load(string ladderPath, EpochOptions options)
    {
        var document = DocumentFile.Read(ladderPath, EpochLadder.Version);
        if (!document.IsValid) return Checked<PreparedLadder>.Refused(document.Problems);
        var ladder = document.Value.Root.Deserialize(EpochJson.Default.EpochLadder)!;
        var folder = new PlanFolder(ladderPath);
        var host = HostCapabilities.Detect();
        var problems = new List<InputProblem>();
        var rungs = new List<LadderRung>();
        var plans = new List<PreparedEpoch>();
        for (var i = 0; i < ladder.Rungs.Length; i++)
        {
            var rung = ladder.Rungs[i];
            var pointer = $"/rungs/{i}/plan";
            if (folder.Resolve(folder.Path, rung.Plan, out var problem) is not { } path)
            {
                problems.Add(document.Value.Problem(pointer, "path", $"{rung.Plan} {problem}"));
                continue;
            }

            if (rungs.Any(r => r.Plan == path))
            {
                problems.Add(document.Value.Problem(pointer, "cycle", $"{rung.Plan} stands on the ladder twice: a ladder only goes up"));
                continue;
            }

            rungs.Add(rung with { Plan = path });
            var plan = EpochLoader.Load(path, options, host);
            if (plan.IsValid) plans.Add(plan.Value);
            else problems.AddRange(plan.Problems);
        }

        if (problems.Count > 0) return Checked<PreparedLadder>.Refused(problems);
        var sha256 = Digest.Of(CanonicalJson.Serialize(document.Value.Root));
        var declared = new LadderDeclared(ladder.LadderId, sha256, [.. rungs], Autonomous: false, MaxEpochs: null)
        {
            RungHashes = [.. plans.Select(p => RungIdentityDocument.Of(p.Epoch, p.Crucibles))],
        };
        return new PreparedLadder(ladderPath, options, declared, [.. plans]);
    }
}

/// <summary>A ladder with every plan on it, read once and checked. What runs is what was read then.</summary>
public sealed class PreparedLadder
{
    internal PreparedLadder(string path, EpochOptions options, LadderDeclared ladder, ImmutableArray<PreparedEpoch> plans) =>
        (Path, Options, Ladder, Plans) = (path, options, ladder, plans);

    /// <summary>The document.</summary>
    public string Path { get; }

    internal EpochOptions Options { get; }

    internal LadderDeclared Ladder { get; }

    /// <summary>A plan for each rung.</summary>
    internal ImmutableArray<PreparedEpoch> Plans { get; }

    /// <summary>An attempt at a rung, as an epoch of a run of the ladder.</summary>
    /// <param name="ladderId">The run's id.</param>
    /// <param name="planPath">The rung's plan, as the run was declared with it.</param>
    /// <param name="epochId">The attempt's id.</param>
    internal PreparedEpoch Attempt(string ladderId, string planPath, string epochId) =>
        Plans.Single(p => p.PlanPath == planPath).Attempt(ladderId, epochId);
}
