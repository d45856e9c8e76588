using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>Contracts of the user's own, for documents that Assay passes on.</summary>
public sealed class OwnContractTests
{
    private const string Name = "sweep_plan_v3";

    private const string Schema = """
        { "type": "object", "required": ["grid"], "properties": { "grid": { "$ref": "#/$defs/grid" } },
          "$defs": { "grid": { "type": "array", "items": { "type": "number" }, "minItems": 1 } } }
        """;

    [Fact]
    public async Task A_run_specification_satisfies_the_users_contract_and_the_run_is_given_it()
    {
        const string segments = """{"list":[{"segment_id":"walk"},{"segment_id":"held","holdout":true}]}""";
        using var folder = Sweeping($$"""{"schema_version":"sweep_plan_v3","grid":[1,2],"segments":{{segments}}}""").Write();
        Contracts(folder, Schema);
        var id = await folder.SubmitAndRunAsync();
        var job = await folder.ShowAsync(id);
        Assert.Equal(("DONE", Name), ((string)job["job"]!["state"]!, Contract(job)));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        var given = await File.ReadAllTextAsync(folder.Under(".assay", "jobs", id, "stages", "compile", "inputs", "contract.schema.json"));
        Assert.Equal(Schema, given);
    }

    [Theory]
    [InlineData("""{"schema_version":"sweep_plan_v3","grid":[]}""", "breaks sweep_plan_v3")]
    [InlineData("""{"schema_version":"runspec_v1","strategy":{}}""", "expected \"sweep_plan_v3\"")]
    [InlineData("""{"schema_version":"sweep_plan_v3","grid":[1],"segments":{"list":[{}]}}""", "segments are not as runspec_v1 has them")]
    public async Task A_document_that_breaks_it_is_not_used(string document, string reason)
    {
        using var folder = Sweeping(document).Write();
        Contracts(folder, Schema);
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        var failure = (await folder.ShowAsync(id))["failure"]!;
        Assert.Equal("contract", (string)failure["rule"]!);
        Assert.Contains(reason, (string)failure["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_keeps_the_contract_that_was_there_when_it_was_submitted()
    {
        using var folder = Sweeping("""{"schema_version":"sweep_plan_v3","grid":[1]}""").Write();
        Contracts(folder, Schema);
        var id = await folder.SubmitAsync();
        Contracts(folder, """{"required":["nothing_has_this"]}""");
        await folder.WorkAsync();
        Assert.Equal("WAITING_APPROVAL", (string)(await folder.ShowAsync(id))["job"]!["state"]!);

        var hash = (string)(await folder.ShowAsync(id))["waiting"]!["sha256"]!;
        Task<ProgramResult> ReplaceAsync(string replacement)
        {
            File.WriteAllText(folder.Under("other.json"), replacement);
            string[] reject = ["job", "reject", id, "--step", "runspec", "--hash", hash, "--reason", "no", "--replacement", "other.json"];
            return folder.RunAsync(reject);
        }

        var refused = await ReplaceAsync("""{"schema_version":"sweep_plan_v3"}""");
        Assert.Contains("the replacement breaks sweep_plan_v3", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await ReplaceAsync("""{"schema_version":"sweep_plan_v3","grid":[7]}""")).ExitCode);
        Assert.Equal(Name, Contract(await folder.ShowAsync(id)));
    }

    [Fact]
    public async Task A_stage_that_changes_the_contract_it_was_given_has_made_nothing()
    {
        using var folder = Sweeping("""{"schema_version":"sweep_plan_v3"}""");
        const string given = "../inputs/contract.schema.json";
        folder.Before($"if [ $ASSAY_STAGE = compile ]; then rm -f {given}; echo '{{}}' > {given}; fi").Write();
        Contracts(folder, Schema);
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        Assert.Equal("changed", (string)(await folder.ShowAsync(id))["failure"]!["rule"]!);
    }

    [Theory]
    [InlineData("none_v1", "{}", "contracts/none_v1.schema.json does not exist")]
    [InlineData(Name, "{", "sweep_plan_v3.schema.json")]
    [InlineData(Name, """{"type":5}""", "is no JSON Schema of draft 2020-12")]
    [InlineData(Name, """{"$ref":"https://example.com/x.json"}""", "must begin with #/")]
    [InlineData("blueprint_v1", "{}", "must be runspec_v1, or a contract of your own in the folder that contracts names")]
    public async Task A_contract_that_is_none_is_refused_before_anything_is_made(string name, string schema, string reason)
    {
        using var folder = Sweeping("{}");
        folder.Components["compile"]!["output_contract"] = name;
        folder.Write();
        Contracts(folder, schema);
        var refused = await folder.RunAsync("job", "check", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stage_whose_document_Assay_reads_keeps_Assays_contract()
    {
        using var folder = Sweeping("{}");
        folder.Components["gates"]!["output_contract"] = Name;
        folder.Write();
        Contracts(folder, Schema);
        var refused = await folder.RunAsync("job", "check", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Contains("/components/gates/output_contract", refused.Error, StringComparison.Ordinal);
    }

    private static string Contract(JsonNode job) =>
        (string)job["documents"]!.AsArray().Single(d => (string)d!["name"]! == "runspec" && (bool)d["in_force"]!)!["contract"]!;

    /// <summary>A folder whose compiler leaves a document of the user's own kind.</summary>
    private static JobFolder Sweeping(string document)
    {
        var folder = JobFolder.Strict();
        folder.Components["compile"]!["output_contract"] = Name;
        var script = File.ReadAllText(folder.Under("stage.sh")).Split('\n');
        var compile = Array.FindIndex(script, l => l.TrimStart().StartsWith("compile)", StringComparison.Ordinal));
        script[compile] = $"  compile) echo '{document}' > runspec.json ;;";
        folder.WriteScript(string.Join('\n', script));
        return folder;
    }

    /// <summary>Puts the contract beside the components, and names its folder.</summary>
    private static void Contracts(JobFolder folder, string schema)
    {
        Directory.CreateDirectory(folder.Under("contracts"));
        File.WriteAllText(folder.Under("contracts", $"{Name}.schema.json"), schema);
        var components = JsonNode.Parse(File.ReadAllText(folder.Under("components.json")))!;
        components["contracts"] = "contracts";
        folder.Save("components.json", components);
    }
}
