using System.Collections.Immutable;
using System.Text.Json;
using Assay.Engine;
using Assay.Engine.Runner.Containment;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>Reads a plan and everything it names, once, and checks all of it before anything is written or started.</summary>
internal sealed class EpochLoader
{
    private readonly InputDocument _document;
    private readonly EpochPlan _plan;
    private readonly PlanFolder _folder;
    private readonly EpochOptions _options;
    private readonly HostCapabilities _host;
    private readonly List<InputProblem> _problems = [];

    private EpochLoader(InputDocument document, EpochPlan plan, EpochOptions options, HostCapabilities host)
    {
        (_document, _plan, _options, _host) = (document, plan, options, host);
        _folder = new PlanFolder(document.Source);
    }

    /// <summary>The epoch as it would be declared, or everything that is wrong with its documents or this host.</summary>
    public static Checked<PreparedEpoch> Load(string planPath, EpochOptions options, HostCapabilities host)
    {
        var document = DocumentFile.Read(planPath, EpochPlan.Version);
        if (!document.IsValid) return Checked<PreparedEpoch>.Refused(document.Problems);
        var plan = document.Value.Root.Deserialize(EpochJson.Default.EpochPlan)!;
        var loader = new EpochLoader(document.Value, plan, options, host);
        var loaded = loader.Load();
        return loader._problems.Count == 0 ? loaded : Checked<PreparedEpoch>.Refused(loader._problems);
    }

    private PreparedEpoch Load()
    {
        foreach (var (pointer, rule, message) in PlanRule.Violations(_plan, _host.KernelCaps)) Refuse(pointer, rule, message);
        var crucibles = new List<CrucibleDeclared>();
        foreach (var id in _plan.CrucibleOrder)
        {
            if (LoadCrucible(id, crucibles.Count) is { } crucible) crucibles.Add(crucible);
        }

        var planSha256 = Digest.Of(CanonicalJson.Serialize(_document.Root));
        var hashes = crucibles.ToImmutableSortedDictionary(c => c.CrucibleId, c => c.CrucibleSha256, StringComparer.Ordinal);
        var epoch = new EpochDeclared
        {
            EpochId = _plan.EpochId,
            EpochHash = new EpochIdentityDocument(planSha256, hashes).Sha256(),
            PlanSha256 = planSha256,
            Mode = _options.Mode,
            Plan = EpochPlan.WithoutCrucibles(_document.Root),
            Profile = _plan.EpochProfile,
            KernelTarget = _plan.KernelTarget,
            Seed = _plan.Seed,
            WallClockMs = _plan.Budgets.EpochWallClockMs,
            MaxFailures = _plan.StopConditions?.MaxFailures,
            RequiredMilestones = _plan.RequiredMilestones,
            Template = _plan.RunnerConfig.TemplateId,
            Args = _plan.RunnerConfig.Args,
            Inherit = _plan.Env,
            CruciblesTotal = crucibles.Count,
            ArtifactsRoot = _options.ArtifactsRoot is { } root ? Path.GetFullPath(root).TrimEnd('/') : null,
            ArtifactsRootIsBase = _options.ArtifactsRootIsBase,
            CommandOverride = _options.RunnerCommandOverride is { } command ? [.. command] : null,
            Host = Enforcement(_host),
            PlanFile = Path.GetFullPath(_document.Source),
        };
        return new PreparedEpoch(_document.Source, _options, epoch, [.. crucibles]);
    }

    /// <summary>The host as a manifest names it.</summary>
    public static HostEnforcement Enforcement(HostCapabilities host) =>
        new(WireName<ContainmentMode>.Of(host.Containment), host.Sandbox, Environment.MachineName, Environment.OSVersion.VersionString);

    private CrucibleDeclared? LoadCrucible(string id, int index)
    {
        var pointer = $"/crucible_specs/{id}";
        if (!_plan.CrucibleSpecs.TryGetValue(id, out var spec))
        {
            Refuse("/crucible_specs", "required", $"{id} is in crucible_order, but has no file here");
            return null;
        }

        if (_folder.Resolve(_folder.Path, spec, out var problem) is not { } path)
        {
            Refuse(pointer, "path", $"{spec} {problem}");
            return null;
        }

        var document = DocumentFile.Read(path, Crucible.Version, Path.Combine(Path.GetDirectoryName(_document.Source) ?? "", spec));
        if (!document.IsValid)
        {
            _problems.AddRange(document.Problems);
            return null;
        }

        var crucible = document.Value.Root.Deserialize(EpochJson.Default.Crucible)!;
        var loading = new CrucibleLoader(document.Value, crucible, id, _plan, _folder, Path.GetDirectoryName(path)!, _options, _host, _problems);
        return loading.Load(index, spec);
    }

    private void Refuse(string pointer, string rule, string message) => _problems.Add(_document.Problem(pointer, rule, message));
}
