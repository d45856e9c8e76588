using Assay.Inputs;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Native;

namespace Assay.Jobs;

/// <summary>Reads the contracts of a user's own that components name, once, as they are now.</summary>
/// <param name="plan">The folder of <c>components.json</c>.</param>
/// <param name="folder">The folder of the contracts in it; null: there is none.</param>
/// <param name="refuse">Takes what is wrong with a component.</param>
/// <param name="problems">Takes what is wrong with a contract.</param>
internal sealed class ContractsLoader(PlanFolder plan, string? folder, InputRefusal refuse, ICollection<InputProblem> problems)
{
    private const string Rule = "output_contract";

    /// <summary>The contract of a stage's document; null when it is Assay's own, or was refused.</summary>
    public OwnContract? Load(string stage, string name)
    {
        var standard = JobStages.Of(stage).Contract;
        if (name == standard || !OwnContractRule.IsFree(stage)) return null;
        var pointer = $"/components/{stage}/output_contract";
        if (folder is null || ContractCatalog.Versions.Contains(name))
        {
            refuse(pointer, Rule, $"must be {standard}, or a contract of your own in the folder that contracts names");
            return null;
        }

        var file = $"{folder.TrimEnd('/')}/{name}.schema.json";
        if (plan.Resolve(plan.Path, file, out var problem) is { } path) return Read(name, path, file, pointer);
        refuse(pointer, Rule, $"{file} {problem}");
        return null;
    }

    private OwnContract? Read(string name, string path, string file, string pointer)
    {
        using var opened = OpenedFile.ToRead(path);
        var isTooLarge = opened.SizeBytes > OwnContractRule.MaxBytes;
        if ((opened.Problem ?? (isTooLarge ? $"is larger than {OwnContractRule.MaxBytes} bytes" : null)) is { } problem)
        {
            refuse(pointer, Rule, $"{file} {problem}");
            return null;
        }

        var text = Blob.Of(opened.ReadAll(OwnContractRule.MaxBytes));
        foreach (var wrong in Contract.Read(name, text.Bytes, path).Problems) problems.Add(wrong);
        return new OwnContract(name, text.Sha256) { Text = text };
    }
}
