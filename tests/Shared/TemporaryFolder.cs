namespace Assay.Tests;

/// <summary>A folder of the test's own, removed with it.</summary>
/// <param name="below">Where it lies; null: in the system's folder for such things.</param>
internal sealed class TemporaryFolder(string? below = null) : IDisposable
{
    public string Path { get; } = below is null
        ? Directory.CreateTempSubdirectory("assay-test-").FullName
        : Directory.CreateDirectory(System.IO.Path.Combine(below, $"assay-test-{Guid.NewGuid():N}")).FullName;

    public string Under(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            // A process under test may still be leaving, or it left paths that are too long for the framework.
            using var remove = System.Diagnostics.Process.Start("rm", ["-rf", Path]);
            remove.WaitForExit();
        }
    }
}
