namespace Assay.Tests.Jobs;

/// <summary>A demo that cannot start says why in one line, with exit code 2, and leaves no workspace.</summary>
public sealed class DemoRefusedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DemoRefusedTests()
    {
        Directory.CreateDirectory(Example("components"));
        File.WriteAllText(Example("components", "Program.cs"), "");
        Copy(Path.GetDirectoryName(AssayProgram.Program)!, _folder.Under("program"));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_example_whose_components_cannot_be_built() => await RefusedAsync(
        "build failed: error: no such framework", () => Script("echo first; echo 'error: no such framework' >&2; exit 1"));

    [Fact]
    public async Task An_example_that_this_host_cannot_run() => await RefusedAsync("the example cannot run here: ", () =>
    {
        Script("mkdir -p bin; touch bin/momentum.dll");
        File.WriteAllText(Example("blueprint.yaml"), "schema_version: blueprint_v1\ntitle: one\nstrategy: {}\n");
        File.WriteAllText(Example("components.json"), "{");
    });

    [Fact]
    public async Task A_workspace_that_cannot_be_made() => await RefusedAsync("cannot be made", Whole, "--workspace", "/proc/none/ws");

    /// <summary>An example of which nothing is missing.</summary>
    private void Whole()
    {
        using var job = new JobFolder().Write();
        File.Copy(job.Under("stage.sh"), Example("stage.sh"));
        File.Copy(job.Under("components.json"), Example("components.json"));
        foreach (var name in new[] { "blueprint", "bad-blueprint" }) File.Copy(job.Under("blueprint.json"), Example($"{name}.yaml"));
        File.Copy(job.Under("idea.json"), Example("idea.yaml"));
        File.Copy(job.Under("policies.json"), Example("policies.yaml"));
        Directory.CreateDirectory(Example("bin"));
        File.WriteAllText(Example("bin", "momentum.dll"), "");
    }

    private async Task RefusedAsync(string reason, Action arrange, params string[] more)
    {
        arrange();
        var program = _folder.Under("program", "assay");
        var demo = await AssayProgram.RunAsync(program, ["demo", "jobs", .. more], _folder.Path, null, TimeSpan.FromMinutes(1));
        var lines = demo.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var said = lines.Where(l => !l.StartsWith("Building ", StringComparison.Ordinal)).ToList();
        Assert.True(demo.ExitCode == 2, $"{demo.ExitCode}: {demo.Error}{demo.Output}");
        Assert.Contains(reason, Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal("", demo.Output);
    }

    private void Script(string body)
    {
        File.WriteAllText(Example("build"), $"#!/bin/sh\ncd \"$(dirname \"$0\")\"\n{body}\n");
        File.SetUnixFileMode(Example("build"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string Example(params string[] names) => _folder.Under(["examples", "jobs", "momentum", .. names]);

    private static void Copy(string from, string to)
    {
        using var copy = System.Diagnostics.Process.Start("cp", ["-r", from, to]);
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
    }
}
