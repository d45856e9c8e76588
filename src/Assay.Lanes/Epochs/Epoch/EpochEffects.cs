using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Epochs;

/// <summary>What an epoch asks the engine to do. An effect's id is its kind, a slash, and the crucible.</summary>
internal static class EpochEffects
{
    public const string RunKind = "crucible";
    public const string ReplayKind = "replay";
    public const string SalvageKind = "salvage";

    private const string InputFile = "assay_input.json";

    public static string Kind(string effectId) => effectId[..effectId.IndexOf('/', StringComparison.Ordinal)];

    public static string CrucibleOf(string effectId) => effectId[(effectId.IndexOf('/', StringComparison.Ordinal) + 1)..];

    public static bool IsRun(string effectId) => Kind(effectId) == RunKind;

    /// <summary>The effect with an id, for any crucible of the epoch.</summary>
    public static Effect Find(EpochState state, string effectId)
    {
        var crucible = state.Crucibles[state.IndexOf(CrucibleOf(effectId))];
        return Kind(effectId) switch
        {
            RunKind => Run(state, crucible.Declared, RunKind),
            ReplayKind => Run(state, crucible.Declared, ReplayKind),
            SalvageKind => Salvage(state, crucible),
            var kind => throw new InvalidOperationException($"unknown effect {kind}"),
        };
    }

    /// <summary>One run of a crucible: the first, or the replay.</summary>
    public static RunProcess Run(EpochState state, CrucibleDeclared crucible, string kind)
    {
        var epoch = state.Declared;
        var folder = EpochPaths.Crucible(epoch, crucible.CrucibleId);
        var prefix = kind == ReplayKind ? "replay." : "";
        return new RunProcess($"{kind}/{crucible.CrucibleId}")
        {
            Command = [Program(crucible), .. crucible.Crucible.Command.Skip(1).Concat(epoch.Args).Select(word => Fill(word, epoch, crucible))],
            Environment = Environment(epoch, crucible),
            Inherit = ChildEnvironment.With(epoch.Inherit),
            Root = epoch.ArtifactsRoot,
            RunRoot = EpochPaths.RunRoot(epoch.KernelTarget, crucible.RunId),
            StdoutFile = $"{folder}/{prefix}stdout.json",
            StderrFile = $"{folder}/{prefix}stderr.log",
            Inputs = crucible.Inputs,
            Pinned = crucible.Program is { } program ? [program] : [],
            Texts = Texts(epoch, crucible),
            Collect = Wanted(epoch, crucible),
            Caps = crucible.Caps,
            Sandbox = crucible.Crucible.Level,
            Readable = Grants.Readable(crucible.Grants, Program(crucible)),
            Hidden = Grants.Hidden(crucible.Grants),
            Network = Grants.Reach(crucible.Grants),
            NotAfter = state.Deadline,
            WorkFolder = crucible.WorkPlace?.Folder,
            WorkFolderIsReadOnly = crucible.WorkPlace is { Folder: { } work } place && !place.Writes.Contains(work),
            Writable = crucible.WorkPlace?.Writes ?? [],
            Live = crucible.WorkPlace is not null,
        };
    }

    /// <summary>Collects what a failed crucible left in its run roots.</summary>
    public static CollectFiles Salvage(EpochState state, CrucibleState crucible) => new($"{SalvageKind}/{crucible.Declared.CrucibleId}")
    {
        Root = state.Declared.ArtifactsRoot,
        From =
        [
            .. new[] { crucible.Run?.RunRoot, crucible.Replay?.RunRoot }.OfType<string>(),
            EpochPaths.Crucible(state.Declared, crucible.Declared.CrucibleId),
        ],
        To = EpochPaths.Salvage(state.Declared),
    };

    private static string Program(CrucibleDeclared crucible)
    {
        var program = crucible.Crucible.Command[0];
        return program.StartsWith("./", StringComparison.Ordinal) ? $"{crucible.Folder}/{program[2..]}" : program;
    }

    private static string Fill(string word, EpochDeclared epoch, CrucibleDeclared crucible) => word
        .Replace("{seed}", epoch.Seed.ToString(), StringComparison.Ordinal)
        .Replace("{run_id}", crucible.RunId, StringComparison.Ordinal)
        .Replace("{kernel_target}", epoch.KernelTarget, StringComparison.Ordinal);

    private static ImmutableSortedDictionary<string, string> Environment(EpochDeclared epoch, CrucibleDeclared crucible)
    {
        var variables = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        variables["ASSAY_KERNEL_TARGET"] = epoch.KernelTarget;
        variables["ASSAY_RUN_ID"] = crucible.RunId;
        variables["ASSAY_RUN_ROOT"] = "{run_root}";
        variables["ASSAY_SEED"] = epoch.Seed.ToString();
        if (HasInput(epoch, crucible)) variables["ASSAY_INPUT"] = "{run_root}/" + InputFile;
        return variables.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, string> Texts(EpochDeclared epoch, CrucibleDeclared crucible)
    {
        var texts = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        if (!HasInput(epoch, crucible)) return texts;
        var input = new RunnerInput(crucible.Crucible.Input.Prompt, [.. crucible.Inputs.Select(i => new RunnerInputFile(i.Name, $"inputs/{i.Name}", i.Sha256))]);
        return texts.Add(InputFile, Encoding.UTF8.GetString(CanonicalJson.Serialize(input, EpochJson.Default.RunnerInput)));
    }

    private static bool HasInput(EpochDeclared epoch, CrucibleDeclared crucible) =>
        epoch.Template == RunnerTemplate.C019RunnerV1 || crucible.Inputs.Length > 0 || crucible.Crucible.Input.Prompt.Length > 0;

    private static ImmutableArray<CollectedName> Wanted(EpochDeclared epoch, CrucibleDeclared crucible)
    {
        var expect = crucible.Crucible.Expect;
        var wanted = ImmutableArray.CreateBuilder<CollectedName>();
        if (epoch.Template == RunnerTemplate.C019RunnerV1) wanted.Add(new CollectedName(CrucibleJudge.CoverageFile, CrucibleJudge.MaxCoverageBytes, Content: true));
        if (!expect.GovernanceExpectations.RequiredEventTypes.IsEmpty) wanted.Add(new CollectedName(CrucibleJudge.GovernanceFile, CrucibleJudge.MaxGovernanceBytes, Content: true));
        foreach (var name in expect.RequiredFiles)
        {
            if (wanted.All(w => w.Name != name)) wanted.Add(new CollectedName(name, CollectedName.MostBytes, Content: false));
        }

        return wanted.ToImmutable();
    }
}

/// <summary>What a runner finds in the file that ASSAY_INPUT names; paths are relative to the run root.</summary>
internal sealed record RunnerInput(string Prompt, ImmutableArray<RunnerInputFile> Files);

internal sealed record RunnerInputFile(string Name, string Path, Digest Sha256);
