using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Queue.Safety;

namespace Assay.Tests.Queue.Safety;

/// <summary>The shipped constraints, in a folder that is only spoken of.</summary>
internal static class ShippedPolicy
{
    public static SafetyPolicy Policy { get; } = Load();

    public static IWorkPlace Place { get; } = new SpokenFolder();

    public static SafetyReport Command(string command) => Policy.Judge(new SafetySubject(Place) { Command = command, HasWorkingTree = true });

    public static SafetyReport Words(params string[] words) => Policy.Judge(new SafetySubject(Place) { Words = [.. words], HasWorkingTree = true });

    public static SafetyReport Prompt(string prompt) => Policy.Judge(new SafetySubject(Place) { Texts = [("/prompt", prompt)] });

    private static SafetyPolicy Load()
    {
        var bytes = File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot, "policies/safety_constraints.json"));
        var document = ContractCatalog.Check(InputDocument.Read(bytes, "safety_constraints.json").Value, "safety_constraints_v1");
        return SafetyPolicy.Of(document.Value, Digest.Of(bytes)).Value;
    }

    /// <summary>A folder /work in which <c>out</c> is a link to /etc, and <c>plain</c> one to .env.</summary>
    private sealed class SpokenFolder : IWorkPlace
    {
        public string? Inside(string path)
        {
            var full = Path.GetFullPath(path, "/work");
            if (full == "/work") return "";
            if (!full.StartsWith("/work/", StringComparison.Ordinal)) return null;
            var inside = full["/work/".Length..];
            return inside switch
            {
                "out" => null,
                "plain" => ".env",
                _ => inside.StartsWith("out/", StringComparison.Ordinal) ? null : inside,
            };
        }

        public string? Sha256(string path) => path == "eng/lint.sh" ? new string('a', 64) : null;
    }
}
