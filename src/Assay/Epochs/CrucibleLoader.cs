using System.Collections.Immutable;
using Assay.Engine;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
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
        if (crucible.CrucibleId != id) Refuse("/crucible_id", "crucible_id", $"is {crucible.CrucibleId}, but the plan names this file {id}");
        if (!crucible.KernelTargets.Contains(plan.KernelTarget)) Refuse("/kernel_targets", "kernel_target", $"does not hold the plan's target {plan.KernelTarget}");
        foreach (var (key, message) in BudgetRule.Violations(plan.Budgets, crucible.Budgets)) Refuse($"/budgets/{key}", "budget", message);
        if (Unmetered() is var (place, word) && plan.Budgets.PerCrucibleNetworkMaxBytes is { } most)
        {
            Refuse($"/{place}", "budget", $"{word} has no cap on the network, and the plan's per_crucible_network_max_bytes is {most}: list hosts, or take that cap out of the plan");
        }

        if (plan.RunnerConfig.TemplateId == RunnerTemplate.ExitCodeV1 && crucible.Expect.ExpectedOutcome != "PASS")
        {
            Refuse("/expect/expected_outcome", "expected_outcome", "EXIT_CODE_V1 knows no outcome but PASS: say exit_code, or use C019_RUNNER_V1");
        }

        SandboxRule.CheckHost(crucible.Level, host, "/sandbox", Refuse);
        if (crucible.Level == SandboxLevel.None && !plan.RequireKernelCaps.IsEmpty)
        {
            Refuse("/sandbox", "require_kernel_caps", "work that is not caged can leave its cgroup, so its caps are polled: choose a level");
        }

        var caps = BudgetRule.InForce(plan.Budgets, crucible.Budgets, crucible.Disk ?? DiskPlace.Folder);
        if (DiskRule.Refusal(crucible.Disk ?? DiskPlace.Folder, crucible.Level, caps.DiskBytes, host) is { } noDisk)
        {
            Refuse("/disk", "disk", noDisk);
        }

        CheckRunRootNames();
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

    /// <summary>The key and the word that give it a network which nothing counts; null: it has none.</summary>
    private (string Key, string Word)? Unmetered() => (crucible.Level, crucible.Network) switch
    {
        (SandboxLevel.None, _) => ("sandbox", "none"),
        (_, { } open) => ("network", WireName<OpenNetwork>.Of(open)),
        _ => null,
    };

    private GrantKeys Keys() =>
        new(crucible.Reads, crucible.Hides, crucible.Hosts, crucible.Network) { NetworkMaxBytes = crucible.Budgets.NetworkMaxBytes };

    private static Digest? VariableDigest(string name) => Environment.GetEnvironmentVariable(name) is { } value ? Digest.Of(value) : null;

    private void CheckRunRootNames()
    {
        for (var i = 0; i < crucible.Expect.RequiredFiles.Length; i++)
        {
            var name = crucible.Expect.RequiredFiles[i];
            if (name.StartsWith('/') || name.Split('/').Any(s => s is "" or "." or "..")) Refuse($"/expect/required_files/{i}", "path", $"{name} is no path inside the run root");
        }
    }

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
            if (name.Split('/').Any(s => s is "" or "." or "..")) Refuse(pointer, "path", $"{name} must be a plain path below the crucible's folder");
            else inputs.Add(new StagedFile(file.Path, name, file.Sha256) { SizeBytes = file.SizeBytes });
        }

        return inputs.ToImmutable();
    }

    private void Refuse(string pointer, string rule, string message) => problems.Add(document.Problem(pointer, rule, message));
}
