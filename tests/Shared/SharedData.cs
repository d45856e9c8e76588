using System.Reflection;

namespace Assay.Tests;

/// <summary>
/// The public test vectors that are used in place: beside the repository in <c>../shared/data</c>, or where ASSAY_TEST_DATA points.
/// </summary>
internal static class SharedData
{
    public static string RepositoryRoot { get; } = typeof(SharedData).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    private static string? Given { get; } = Environment.GetEnvironmentVariable("ASSAY_TEST_DATA");

    /// <summary>
    /// A folder of vectors. They are no part of a clone, so where nobody has said where they lie their absence is a skip, also in CI; a place that was
    /// named and does not hold them is a failure.
    /// </summary>
    public static string Folder(string name)
    {
        var path = Path.GetFullPath(Path.Combine(Given ?? Path.Combine(RepositoryRoot, "../shared/data"), name));
        if (!Directory.Exists(path) && Given is null)
        {
            Assert.Skip($"the public vectors {name} are not at {path}: set ASSAY_TEST_DATA to the folder that holds {name}");
        }

        Assert.True(Directory.Exists(path), $"{path} is missing: ASSAY_TEST_DATA is {Given}");
        return path;
    }
}
