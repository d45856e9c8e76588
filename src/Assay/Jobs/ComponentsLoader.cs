using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Engine;
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
    private const string Version = "components_v1";

    private readonly InputDocument _document;
    private readonly PlanFolder _folder;
    private readonly HostCapabilities _host;
    private readonly List<InputProblem> _problems = [];
    private readonly ProgramRule _programs;

    private ComponentsLoader(InputDocument document, HostCapabilities host)
    {
        (_document, _folder, _host) = (document, new PlanFolder(document.Source), host);
        _programs = new ProgramRule(_folder, _folder.Path, Refuse);
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
            bindings.Add(stage, component.Model is null ? Program(stage, component, declared) : Model(stage, component, declared));
            if (component.HoldoutCommand.IsEmpty) continue;
            if (stage == JobStages.Gates) bindings.Add(JobStages.Holdout, Holdout(component, declared));
            else Refuse($"/components/{stage}/holdout_command", "holdout_command", "only the component gates judges hold-outs");
        }

        return bindings.ToImmutable();
    }

    /// <summary>A process of its own with the caps and files of the gates, never with a network.</summary>
    private ComponentBinding Holdout(ComponentDocument component, JsonElement declared)
    {
        var level = component.Sandbox == SandboxLevel.None ? SandboxLevel.None : SandboxLevel.Strict;
        var apart = component with { Hosts = [], Network = null, Budgets = component.Budgets with { NetworkMaxBytes = null } };
        return Program(JobStages.Gates, apart, declared, "holdout_command", component.HoldoutCommand, level);
    }

    private ComponentBinding Program(string stage, ComponentDocument component, JsonElement declared) =>
        Program(stage, component, declared, "command", component.Command, component.Sandbox ?? SandboxLevel.Strict);

    private ComponentBinding Program(
        string stage, ComponentDocument component, JsonElement declared, string key, ImmutableArray<string> command, SandboxLevel sandbox)
    {
        var pointer = $"/components/{stage}";
        var program = command[0];
        var pinned = new List<PinnedFile>();
        if (_programs.Bind(program, $"{pointer}/{key}/0") is { } own)
        {
            pinned.Add(own);
            program = own.Path;
        }

        for (var i = 0; i < component.Files.Length; i++)
        {
            if (_programs.PinFile(component.Files[i], $"{pointer}/files/{i}") is { } file) pinned.Add(file);
        }

        return Binding(stage, component, declared, [program, .. command.Skip(1)], pinned, null, sandbox);
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
        string stage, ComponentDocument component, JsonElement declared, ImmutableArray<string> command, List<PinnedFile> pinned, ModelCall? model, SandboxLevel sandbox)
    {
        SandboxRule.CheckHost(sandbox, _host, $"/components/{stage}/sandbox", Refuse);
        if (DiskRule.Refusal(component.Disk, sandbox, component.Budgets.DiskBytes, _host) is { } noDisk)
        {
            Refuse($"/components/{stage}/disk", "disk", noDisk);
        }

        var grants = GrantRule.Load(_folder.Path, component.Keys, sandbox, _host, $"/components/{stage}", Refuse);
        var files = string.Join('\n', pinned.Select(p => p.Sha256));
        return new ComponentBinding
        {
            Command = command,
            Pinned = [.. pinned],
            Sandbox = sandbox,
            Grants = model is null ? grants : NetworkRule.ForModel(grants, _host),
            RetrySafe = component.RetrySafe,
            Inherit = component.Env,
            Model = model,
            Sha256 = Digest.Of($"{Digest.Of(CanonicalJson.Serialize(declared))}\n{files}"),
            Caps = component.Budgets.ToCaps(CapsDefaults.Component, component.Disk),
        };
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
