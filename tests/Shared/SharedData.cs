using System.Reflection;

namespace Assay.Tests;

/// <summary>
/// The public test vectors that are used in place: beside the repository in <c>../shared/data</c>, or where ASSAY_TEST_DATA points.
/// </summary>
internal static class SharedData
{
    public static string RepositoryRoot { get; } = typeof(SharedData).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    private static string Root { get; } =
        Environment.GetEnvironmentVariable("ASSAY_TEST_DATA") ?? Path.GetFullPath(Path.Combine(RepositoryRoot, "../shared/data"));

    /// <summary>A folder of vectors. Where they are missing the test fails in CI and is skipped elsewhere.</summary>
    public static string Folder(string name)
    {
        var path = Path.Combine(Root, name);
        if (!Directory.Exists(path) && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Skip($"the public vectors {name} are not at {Root}: set ASSAY_TEST_DATA to the folder that holds them");
        }

        Assert.True(Directory.Exists(path), $"{path} is missing: set ASSAY_TEST_DATA");
        return path;
    }
}
