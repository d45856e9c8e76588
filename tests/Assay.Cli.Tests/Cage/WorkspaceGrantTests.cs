using System.Text.Json.Nodes;

namespace Assay.Tests.Cage;

/// <summary>The workspace holds everybody's evidence, hold-outs among it: no document opens it.</summary>
public sealed class WorkspaceGrantTests
{
    private const string Sentence = @"lies in the workspace .*/\.assay, which is not readable: name what it needs outside of it";

    [Theory]
    [InlineData(".assay")]
    [InlineData(".assay/jobs")]
    [InlineData("link")]
    public async Task A_component_that_would_read_in_the_workspace_is_refused(string reads)
    {
        using var folder = new JobFolder();
        folder.Components["compile"]!["sandbox"] = "strict";
        await folder.Write().SubmitAsync();
        Directory.CreateSymbolicLink(folder.Under("link"), folder.Under(".assay"));
        folder.Components["compile"]!["reads"] = new JsonArray(reads);
        folder.Blueprint["title"] = "Another";
        folder.Write();
        var refused = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.True(refused.ExitCode == 2, refused.Error);
        Assert.Matches($@"components\.json:\d+:\d+: /components/compile/reads/0: .*{Sentence}", refused.Error);

        folder.Components["compile"]!["reads"] = new JsonArray(".");
        folder.Components["compile"]!["hides"] = new JsonArray(".assay");
        await folder.Write().SubmitAsync();
    }

    [Fact]
    public async Task An_adapter_and_a_test_that_would_read_in_the_workspace_are_refused()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "true");
        await folder.Write().ExecuteAsync();
        var test = folder.Tasks["one"]["acceptance_tests"]![0]!.AsObject();
        (test["sandbox"], test["reads"]) = ("strict", new JsonArray(".assay/tasks"));
        Assert.Matches($"/tasks/0/acceptance_tests/0/reads/0: .*{Sentence}", (await folder.Write().ExecuteAsync()).Error);
        (folder.Adapters["shell"]["sandbox"], folder.Adapters["shell"]["reads"]) = ("strict", new JsonArray(".assay/tasks"));
        Assert.Matches($"adapters.json:.*/adapters/0/reads/0: adapter shell: .*{Sentence}", (await folder.Write().ExecuteAsync()).Error);
    }

    [Fact]
    public async Task A_crucible_that_would_read_in_the_workspace_is_refused()
    {
        using var folder = new TemporaryFolder();
        await AssayProgram.RunAsync(folder.Path, "epoch", "run", new PlanBuilder(folder.Under("plan")).Add("ONE", "true").Write());
        var plan = new PlanBuilder(folder.Under("plan")).Add("ONE", "true", c => c["reads"] = new JsonArray("../.assay/epochs")).Write();
        var run = await AssayProgram.RunAsync(folder.Path, "epoch", "run", plan);
        Assert.True(run.ExitCode == 2, run.Error);
        Assert.Matches($"ONE.json:.*/reads/0: .*{Sentence}", run.Error);
    }
}
