using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Values;
using Assay.Lanes.Queue;
using Assay.Lanes.Queue.Safety;
using Assay.Native;

namespace Assay.Queue;

/// <summary>The safety constraints of a queue's folder, and those that are shipped.</summary>
internal static class Constraints
{
    private const string Version = "safety_constraints_v1";

    /// <summary>The shipped constraints, with which a project begins.</summary>
    public static byte[] Shipped
    {
        get
        {
            using var stream = typeof(Constraints).Assembly.GetManifestResourceStream("policies/safety_constraints.json")!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
    }

    /// <summary>Reads the constraints of a folder, or says what is wrong with them.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="isThorough">Whether every pattern is made ready to be matched, which takes seconds.</param>
    public static Checked<SafetyPolicy> Load(string root, bool isThorough = false)
    {
        var (document, sha256) = DocumentFile.ReadWithDigest(Path.Combine(root, QueuePaths.Constraints), Version);
        return document.IsValid ? SafetyPolicy.Of(document.Value, sha256, isThorough) : Checked<SafetyPolicy>.Refused(document.Problems);
    }

    /// <summary>Writes the shipped constraints into a folder that has none.</summary>
    /// <returns>What is wrong; null: they were written.</returns>
    public static InputProblem? Init(string root)
    {
        var path = Path.Combine(root, QueuePaths.Constraints);
        try
        {
            using var folder = FolderHandle.OpenNamed(root);
            return folder.Write(QueuePaths.Constraints, Shipped, replaces: false, isSynced: true)
                ? null
                : new InputProblem(path, "", "exists", "exists already and is left as it is");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new InputProblem(path, "", "file", e.Message);
        }
    }

    /// <summary>What is wrong with the constraints of a folder, and with which of their own cases they do not agree.</summary>
    public static IReadOnlyList<InputProblem> Check(string root)
    {
        var policy = Load(root, isThorough: true);
        return policy.IsValid ? [.. Failing(root, policy.Value)] : policy.Problems;
    }

    /// <summary>Tries the cases of the constraints, each as a task that works in the folder.</summary>
    private static IEnumerable<InputProblem> Failing(string root, SafetyPolicy policy)
    {
        var place = new WorkFolder(root);
        for (var i = 0; i < policy.Cases.Length; i++)
        {
            var (wanted, report) = (policy.Cases[i], policy.Judge(Subject(policy.Cases[i], place)));
            var isRule = wanted.Rule is null || report.Checks.Any(c => c.Rule == wanted.Rule && c.Verdict == report.Verdict);
            if (report.Verdict == wanted.Verdict && isRule) continue;
            var found = string.Join(", ", report.Checks.Where(static c => c.Rule is not null).Select(static c => c.Rule));
            var message = $"must be {Said(wanted.Verdict, wanted.Rule)} and is {Said(report.Verdict, found.Length > 0 ? found : null)}: {wanted.Prompt ?? wanted.Command}";
            yield return new InputProblem(Path.Combine(root, QueuePaths.Constraints), $"/cases/{i}", "case", message);
        }
    }

    private static SafetySubject Subject(PolicyCase wanted, WorkFolder place) => wanted.Command is { } command
        ? new SafetySubject(place) { Command = command, HasWorkingTree = true }
        : new SafetySubject(place) { Texts = [("/prompt", wanted.Prompt!)] };

    private static string Said(SafetyVerdict verdict, string? rule) =>
        WireName<SafetyVerdict>.Of(verdict) + (rule is null ? "" : $" ({rule})");
}
