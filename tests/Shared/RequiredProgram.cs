namespace Assay.Tests;

/// <summary>Programs that single tests drive and a bare Debian does not have. <c>./test</c> installs their packages where it may.</summary>
internal static class RequiredProgram
{
    /// <summary>The program's path. Where it is missing the test fails in CI and is skipped elsewhere, with the package to install.</summary>
    public static string Find(string name, string package)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries);
        if (folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists) is { } path) return path;
        var missing = $"{name} is not installed: apt-get install {package}";
        if (Environment.GetEnvironmentVariable("CI") is null) Assert.Skip(missing);
        throw new FileNotFoundException(missing);
    }
}
