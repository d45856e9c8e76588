using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Engine;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;

namespace Assay.Jobs;

/// <summary>Reads <c>components.json</c> once, checks it against this host, and fixes each component as it is now.</summary>
internal sealed class ComponentsLoader
{
    public const string Version = "components_v1";

    private readonly InputDocument _document;
    private readonly PlanFolder _folder;
    private readonly HostCapabilities _host;
    private readonly List<InputProblem> _problems = [];
    private readonly ProgramRule _programs;
    private readonly ContractsLoader _contracts;

    private ComponentsLoader(InputDocument document, HostCapabilities host)
    {
        (_document, _folder, _host) = (document, new PlanFolder(document.Source), host);
        _programs = new ProgramRule(_folder, _folder.Path, Refuse);
        var contracts = document.Root.TryGetProperty("contracts", out var named) ? named.GetString() : null;
        _contracts = new ContractsLoader(_folder, contracts, Refuse, _problems);
    }

    /// <summary>The components by stage, or everything that is wrong with them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="required">The stages without which the job cannot reach its end.</param>
    /// <param name="host">What this host can enforce.</param>
    public static Checked<ImmutableSortedDictionary<string, ComponentBinding>> Load(string path, IEnumerable<string> required, HostCapabilities host)
    {
        var document = DocumentFile.Read(path, Version);
        if (!document.IsValid) return Checked<ImmutableSortedDictionary<string, ComponentBinding>>.Refused(document.Problems);
        var loader = new ComponentsLoader(document.Value, host);
        var bindings = loader.Bind();
        foreach (var stage in required.Except(bindings.Keys, StringComparer.Ordinal)) loader.Refuse("/components", "required", $"names no component for the stage {stage}, which this job needs");
        return loader._problems.Count == 0 ? bindings : Checked<ImmutableSortedDictionary<string, ComponentBinding>>.Refused(loader._problems);
    }

    private ImmutableSortedDictionary<string, ComponentBinding> Bind()
    {
        var components = _document.Root.GetProperty("components").Deserialize(ComponentJson.Default.DictionaryStringComponentDocument)!;
        var bindings = ImmutableSortedDictionary.CreateBuilder<string, ComponentBinding>(StringComparer.Ordinal);
        foreach (var (stage, component) in components)
        {
            var declared = _document.Root.GetProperty("components").GetProperty(stage);
            var files = Files(component, $"/components/{stage}");
            var bound = component.Model is null ? Program(stage, component, declared, files) : Model(stage, component, declared);
            bindings.Add(stage, bound);
            if (component.HoldoutCommand.IsEmpty) continue;
            if (stage == JobStages.Gates) bindings.Add(JobStages.Holdout, Holdout(component, declared, bound, files));
            else Refuse($"/components/{stage}/holdout_command", "holdout_command", "only the component gates judges hold-outs");
        }

        return bindings.ToImmutable();
    }

    /// <summary>A process of its own with the caps and files of the gates, always strict and never with a network.</summary>
    private ComponentBinding Holdout(ComponentDocument component, JsonElement declared, ComponentBinding gates, ImmutableArray<PinnedFile> files)
    {
        if (component.Sandbox == SandboxLevel.None)
        {
            const string message = "none would let the judge of hold-outs take their figures anywhere: say strict or confined, or remove holdout_command";
            Refuse($"/components/{JobStages.Gates}/sandbox", "holdout_command", message);
        }

        var (command, pinned) = Command(component.HoldoutCommand, $"/components/{JobStages.Gates}/holdout_command", files);
        return gates with
        {
            Command = command,
            Pinned = pinned,
            Sandbox = SandboxLevel.Strict,
            Grants = gates.Grants is { } grants ? grants with { Network = null } : null,
            Model = null,
            Contract = null,
            Sha256 = Identity(declared, pinned, null),
            Caps = (component.Budgets with { NetworkMaxBytes = null }).ToCaps(CapsDefaults.Component, component.Disk),
        };
    }

    private ComponentBinding Program(string stage, ComponentDocument component, JsonElement declared, ImmutableArray<PinnedFile> files)
    {
        var (command, pinned) = Command(component.Command, $"/components/{stage}/command", files);
        return Binding(stage, component, declared, command, pinned, null, component.Sandbox ?? SandboxLevel.Strict);
    }

    /// <summary>A command with its program found, and that program, when it lies beside the document, before the files that are pinned.</summary>
    private (ImmutableArray<string> Command, ImmutableArray<PinnedFile> Pinned) Command(
        ImmutableArray<string> command, string pointer, ImmutableArray<PinnedFile> files) =>
        _programs.Bind(command[0], $"{pointer}/0") is { } own ? (command.SetItem(0, own.Path), [own, .. files]) : (command, files);

    private ImmutableArray<PinnedFile> Files(ComponentDocument component, string pointer)
    {
        var files = ImmutableArray.CreateBuilder<PinnedFile>();
        for (var i = 0; i < component.Files.Length; i++)
        {
            if (_programs.PinFile(component.Files[i], $"{pointer}/files/{i}") is { } file) files.Add(file);
        }

        return files.ToImmutable();
    }

    private ComponentBinding Model(string stage, ComponentDocument component, JsonElement declared)
    {
        var pointer = $"/components/{stage}";
        var sandbox = component.Sandbox ?? SandboxLevel.Confined;
        SandboxRule.CheckModelCall(sandbox, $"{pointer}/sandbox", Refuse);
        var model = ModelCallRule.Load(component.Model!, _folder.Path, $"{pointer}/model", Refuse);
        return Binding(stage, component, declared, [AssayCommand.Path, AssayCommand.ModelCall], [], model, sandbox);
    }

    private ComponentBinding Binding(
        string stage, ComponentDocument component, JsonElement declared, ImmutableArray<string> command, ImmutableArray<PinnedFile> pinned, ModelCall? model, SandboxLevel sandbox)
    {
        SandboxRule.CheckHost(sandbox, _host, $"/components/{stage}/sandbox", Refuse);
        if (DiskRule.Refusal(component.Disk, sandbox, component.Budgets.DiskBytes, _host) is { } noDisk)
        {
            Refuse($"/components/{stage}/disk", "disk", noDisk);
        }

        var contract = _contracts.Load(stage, component.OutputContract);
        var grants = GrantRule.Load(_folder.Path, component.Keys, sandbox, _host, $"/components/{stage}", Refuse);
        return new ComponentBinding
        {
            Command = command,
            Pinned = pinned,
            Sandbox = sandbox,
            Grants = model is null ? grants : NetworkRule.ForModel(grants, _host),
            RetrySafe = component.RetrySafe,
            Inherit = component.Env,
            Model = model,
            Contract = contract,
            Sha256 = Identity(declared, pinned, contract),
            Caps = component.Budgets.ToCaps(CapsDefaults.Component, component.Disk),
        };
    }

    private static Digest Identity(JsonElement declared, ImmutableArray<PinnedFile> pinned, OwnContract? contract)
    {
        var files = string.Join('\n', pinned.Select(p => p.Sha256));
        var own = contract is null ? "" : $"\ncontract {contract.Sha256}";
        return Digest.Of($"{Digest.Of(CanonicalJson.Serialize(declared))}\n{files}{own}");
    }

    private void Refuse(string pointer, string rule, string message) => _problems.Add(_document.Problem(pointer, rule, message));
}

/// <summary>A component as <c>components.json</c> declares it.</summary>
internal sealed record ComponentDocument
{
    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    public ModelCall? Model { get; init; }

    /// <summary>The program that judges hold-outs alone; only of the gates.</summary>
    public ImmutableArray<string> HoldoutCommand { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Files { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Env { get => field.IsDefault ? [] : field; init; }

    public required string OutputContract { get; init; }

    public required CapsDocument Budgets { get; init; }

    public SandboxLevel? Sandbox { get; init; }

    public ImmutableArray<string> Reads { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Hides { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Hosts { get => field.IsDefault ? [] : field; init; }

    public OpenNetwork? Network { get; init; }

    public DiskPlace Disk { get; init; }

    public bool RetrySafe { get; init; }

    [JsonIgnore]
    public GrantKeys Keys => new(Reads, Hides, Hosts, Network) { NetworkMaxBytes = Budgets.NetworkMaxBytes };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Dictionary<string, ComponentDocument>))]
internal sealed partial class ComponentJson : JsonSerializerContext;
