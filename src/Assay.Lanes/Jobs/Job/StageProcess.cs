using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>The process of one stage: a component's program with its input, its empty output folder and its meter.</summary>
internal sealed record StageProcess
{
    public const string InputFile = "stage_input.json";
    public const string OutputFolder = "output";
    public const string MeterFile = "meter.jsonl";

    /// <summary>The dossier below the run root.</summary>
    public const string DossierFolder = "inputs/dossier";

    /// <summary>The file in which a model call finds its settings.</summary>
    public const string ModelFile = "model_call.json";

    /// <summary>No document that a component makes is larger.</summary>
    public const long MaxDocumentBytes = 1 << 20;

    public required string EffectId { get; init; }

    public required ComponentBinding Component { get; init; }

    public required StageInput Input { get; init; }

    public required string? Root { get; init; }

    public required string RunRoot { get; init; }

    public required string StdoutFile { get; init; }

    public required string StderrFile { get; init; }

    /// <summary>The job's folder relative to the root; null for a run, which belongs to no job.</summary>
    public string? JobFolder { get; init; }

    /// <summary>Dossier files by the paths under which the input names them.</summary>
    public ImmutableArray<StagedFile> Dossier { get; init; } = [];

    /// <summary>A file of the dossier that the ledger keeps; null: none.</summary>
    public DossierFile? DossierDocument { get; init; }

    /// <summary>Whether nothing leaves it but its document: no network, and no meter.</summary>
    public bool IsSealed { get; init; }

    public required ImmutableArray<CollectedName> Collect { get; init; }

    public FolderListing? List { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    public Usd? MaxCost { get; init; }

    /// <summary>A document that the stage leaves in its output folder, which the ledger keeps.</summary>
    public static CollectedName Collected(string name) => new($"{OutputFolder}/{name}", MaxDocumentBytes, Content: true) { Keep = true };

    public RunProcess ToEffect()
    {
        var texts = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
            .Add(InputFile, Encoding.UTF8.GetString(CanonicalJson.Serialize(Input, JobJson.Default.StageInput)));
        if (Component.Model is { } model) texts = texts.Add(ModelFile, Encoding.UTF8.GetString(CanonicalJson.Serialize(model, JobJson.Default.ModelCall)));
        return new RunProcess(EffectId)
        {
            Command = Component.Command,
            Environment = Environment(),
            Inherit = ChildEnvironment.With(Component.Inherit),
            Root = Root,
            RunRoot = RunRoot,
            StdoutFile = StdoutFile,
            StderrFile = StderrFile,
            Texts = texts,
            Documents =
            [
                .. Input.Documents.Values.Select(d => new StagedBlob(d.Path, d.Sha256)),
                .. OwnContractRule.Staged(Component.Contract),
                .. DossierDocument is { } file ? [new StagedBlob($"{DossierFolder}/{file.Path}", file.Sha256)] : Array.Empty<StagedBlob>(),
            ],
            Inputs = Dossier,
            Pinned = Component.Pinned,
            Readable = [.. Component.Pinned.Select(p => p.Path), .. Grants.Readable(Component.Grants, Component.Command[0]), .. ModelCallFiles(), .. JobView()],
            Hidden = Grants.Hidden(Component.Grants),
            Network = IsSealed ? NetworkReach.Nothing : Component.Model?.Reach(Component.Grants) ?? Grants.Reach(Component.Grants),
            Folders = [OutputFolder],
            Collect = Collect,
            List = List,
            Meter = IsSealed ? null : new CostMeter(MeterFile, MaxCost),
            Caps = Component.Caps,
            Sandbox = Component.Sandbox,
            NotAfter = NotAfter,
        };
    }

    private ImmutableSortedDictionary<string, string> Environment()
    {
        var variables = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (JobFolder is not null) variables["ASSAY_JOB_DIR"] = "{root}/" + JobFolder;
        variables["ASSAY_STAGE"] = Input.Stage;
        variables["ASSAY_STAGE_INPUT"] = "{run_root}/" + InputFile;
        variables["ASSAY_STAGE_OUTPUT"] = "{run_root}/" + OutputFolder;
        if (!IsSealed) variables["ASSAY_STAGE_METER"] = "{run_root}/" + MeterFile;
        return variables.ToImmutable();
    }

    /// <summary>What a model call reads: the program that makes it, which is Assay's own, and its key.</summary>
    private IEnumerable<string> ModelCallFiles() => Component.Model is not { } model
        ? []
        : [.. Grants.Folder(Component.Command[0]), .. model.ApiKeyFile is { } key ? new[] { key } : []];

    /// <summary>
    /// What a component may read of the job: not the logs and work of other stages, which may hold what only the gates may see.
    /// </summary>
    private IEnumerable<string> JobView() => JobFolder is null ? [] : [$"{JobFolder}/{JobPaths.SpecFile}", $"{JobFolder}/inputs", $"{JobFolder}/outputs"];
}
