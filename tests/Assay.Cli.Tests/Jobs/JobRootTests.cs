using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>Where jobs lie, by the variables of the seed and ours.</summary>
public sealed class JobRootTests
{
    [Theory]
    [InlineData("artifacts/jobs", "EAM_ARTIFACT_ROOT=artifacts")]
    [InlineData("ours/jobs", "EAM_ARTIFACT_ROOT=artifacts", "ASSAY_ARTIFACT_ROOT=ours")]
    [InlineData("elsewhere", "EAM_ARTIFACT_ROOT=artifacts", "EAM_JOB_ROOT=elsewhere")]
    [InlineData("here", "EAM_ARTIFACT_ROOT=artifacts", "EAM_JOB_ROOT=elsewhere", "ASSAY_JOB_ROOT=here")]
    public async Task Jobs_lie_where_the_variables_say(string place, params string[] variables)
    {
        using var folder = JobFolder.Strict().Write();
        var environment = variables.Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1], StringComparer.Ordinal);
        string[] submit = ["job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json", "--json"];
        var submitted = await AssayProgram.RunAsync(AssayProgram.Program, submit, folder.Path, environment, TimeSpan.FromMinutes(1));
        Assert.True(submitted.ExitCode == 0, submitted.Error);
        var id = (string)JsonNode.Parse(submitted.Output)!["job_id"]!;
        Assert.True(File.Exists(folder.Under(place, id, "job_spec.json")));
        await folder.WorkAsync();
        Assert.True(File.Exists(folder.Under(place, id, "outputs", "runspec.json")));
    }
}
