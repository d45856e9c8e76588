using Mono.Cecil;

namespace Assay.Tests;

/// <summary>The assemblies of <c>src</c> as they were built beside these tests, read as files.</summary>
internal static class BuiltAssembly
{
    /// <summary>Projects, each with the name of its assembly.</summary>
    public static readonly IReadOnlyDictionary<string, string> Files = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["Assay"] = "Assay.Facade.dll",
        ["Assay.Cli"] = "assay.dll",
        ["Assay.Engine"] = "Assay.Engine.dll",
        ["Assay.Kernel"] = "Assay.Kernel.dll",
        ["Assay.Lanes"] = "Assay.Lanes.dll",
        ["Assay.Ledger"] = "Assay.Ledger.dll",
        ["Assay.Native"] = "Assay.Native.dll",
        ["Assay.Gateway"] = "Assay.Gateway.dll",
        ["Assay.Server"] = "Assay.Server.dll",
    };

    /// <summary>The types of a project that somebody wrote; what the compiler makes lies inside them or has another namespace.</summary>
    public static IReadOnlyList<TypeDefinition> Types(string project)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var file = Path.Combine(SharedData.RepositoryRoot, "artifacts", "bin", "Assay.Cli", configuration, Files[project]);
        return [.. AssemblyDefinition.ReadAssembly(file).MainModule.Types.Where(t => IsOurs(t.Namespace))];
    }

    public static bool IsOurs(string space) => space == "Assay" || space.StartsWith("Assay.", StringComparison.Ordinal);
}
