using System.Collections.Immutable;
using Assay.Engine;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;
using Assay.Lanes.Shared;

namespace Assay.Epochs;

/// <summary>Checks one crucible against its plan and this host, and fixes its identity.</summary>
internal sealed class CrucibleLoader(
    InputDocument document, Crucible crucible, string id, EpochPlan plan, PlanFolder planFolder, string folder, EpochOptions options, HostCapabilities host,
    List<InputProblem> problems)
{
    private ProgramRule Programs => new(planFolder, folder, Refuse);

    public CrucibleDeclared? Load(int index, string spec)
    {
        var before = problems.Count;
        foreach (var (pointer, rule, message) in PlanRule.Violations(plan, id, crucible)) Refuse(pointer, rule, message);
        SandboxRule.CheckHost(crucible.Level, host, "/sandbox", Refuse);
        var caps = BudgetRule.InForce(plan.Budgets, crucible.Budgets, crucible.Disk ?? DiskPlace.Folder);
        if (DiskRule.Refusal(crucible.Disk ?? DiskPlace.Folder, crucible.Level, caps.DiskBytes, host) is { } noDisk)
        {
            Refuse("/disk", "disk", noDisk);
        }

        var program = Program();
        var inputs = Inputs();
        var grants = GrantRule.Load(folder, Keys(), crucible.Level, host, "", Refuse);
        if (problems.Count > before) return null;

        var declared = options.RunnerCommandOverride is { } command ? crucible with { Command = [.. command] } : crucible;
        var sha256 = Digest.Of(CanonicalJson.Serialize(document.Root));
        var identity = new RunIdentityDocument
        {
            KernelTarget = plan.KernelTarget,
            CrucibleSpecSha256 = sha256,
            PromptSha256 = Digest.Of(crucible.Input.Prompt),
            Inputs = inputs.ToImmutableSortedDictionary(i => i.Name, i => i.Sha256, StringComparer.Ordinal),
            Seed = plan.Seed,
            Budgets = caps,
            Template = plan.RunnerConfig.TemplateId,
            Args = plan.RunnerConfig.Args,
            CommandOverride = options.RunnerCommandOverride is null ? null : declared.Command,
            ProgramSha256 = program?.Sha256,
            Env = plan.Env.ToImmutableSortedDictionary(name => name, VariableDigest, StringComparer.Ordinal),
        };
        return new CrucibleDeclared
        {
            Index = index,
            Spec = spec,
            Folder = folder,
            Crucible = declared,
            CrucibleSha256 = sha256,
            RunSha256 = identity.Sha256(),
            Inputs = inputs,
            Program = program,
            Grants = grants,
            Caps = caps,
        };
    }

    private GrantKeys Keys() =>
        new(crucible.Reads, crucible.Hides, crucible.Hosts, crucible.Network) { NetworkMaxBytes = crucible.Budgets.NetworkMaxBytes };

    private static Digest? VariableDigest(string name) => Environment.GetEnvironmentVariable(name) is { } value ? Digest.Of(value) : null;

    /// <summary>A program that lies in the plan's folder, as it is now; null for one of the system.</summary>
    private PinnedFile? Program()
    {
        var name = options.RunnerCommandOverride?[0] ?? crucible.Command[0];
        if (name.StartsWith("./", StringComparison.Ordinal)) return Programs.PinProgram(name, "/command/0");
        Programs.CheckInstalled(name, "/command/0");
        return null;
    }

    private ImmutableArray<StagedFile> Inputs()
    {
        var inputs = ImmutableArray.CreateBuilder<StagedFile>();
        for (var i = 0; i < crucible.Input.Files.Length; i++)
        {
            var (name, pointer) = (crucible.Input.Files[i], $"/input/files/{i}");
            if (Programs.PinFile(name, pointer) is not { } file) continue;
            if (PlanRule.IsPlain(name)) inputs.Add(new StagedFile(file.Path, name, file.Sha256) { SizeBytes = file.SizeBytes });
            else Refuse(pointer, "path", $"{name} must be a plain path below the crucible's folder");
        }

        return inputs.ToImmutable();
    }

    private void Refuse(string pointer, string rule, string message) => problems.Add(document.Problem(pointer, rule, message));
}
