using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>What is refused before it begins leaves no trace.</summary>
public sealed class NothingMadeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://{0}")]
    [InlineData("http://[::1]:0;http://{0}")]
    public async Task A_port_that_is_taken_is_said_before_anything_is_made(string urls)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = ((IPEndPoint)other.LocalEndpoint).ToString();
        var result = await RefusedAsync("serve", "--urls", string.Format(CultureInfo.InvariantCulture, urls, address));
        Assert.Matches("^assay: http://127.0.0.1:[0-9]+/: another process listens there already: .*--urls \\[serve\\]\n$", result.Error);
    }

    [Theory]
    [InlineData("serve", "--urls", "http://example.org:8460")]
    [InlineData("serve", "--urls", "https://127.0.0.1:0", "--certificate", "none.pem", "--certificate-key", "none.key")]
    [InlineData("serve", "--urls", "http://0.0.0.0:0")]
    [InlineData("serve", "--urls", "here")]
    [InlineData("serve", "--urls")]
    [InlineData("serve", "--urls", "")]
    [InlineData("serve", "--urls", " ; ")]
    [InlineData("serve", "--urls", "http://127.0.0.1:0", "--components", "none.json")]
    [InlineData("serve", "--urls", "http://127.0.0.1:0", "--components", "/dev/null")]
    [InlineData("serve", "--urls", "http://127.0.0.1:0", "--policies", "none")]
    [InlineData("serve", "--urls", "http://127.0.0.1:0", "--policies", "/dev/null")]
    [InlineData("token", "create", "--name", " ")]
    [InlineData("token", "create", "--name", "ci", "--days", "-1")]
    [InlineData("token", "create")]
    [InlineData("token", "list")]
    [InlineData("worker", "--lanes", "none")]
    [InlineData("worker", "--jobs")]
    [InlineData("worker", "--run-tasks", "nowhere")]
    [InlineData("adapter", "check")]
    [InlineData("adapter", "check", "a", "--adapters", "none.yaml")]
    [InlineData("adapter", "check", "--adapters", "none.yaml")]
    [InlineData("epoch", "check", "none.yaml")]
    [InlineData("epoch", "submit", "none.yaml")]
    [InlineData("epoch", "run", "none.yaml", "--resume")]
    [InlineData("epoch", "escalate", "none.yaml")]
    [InlineData("job", "check", "none.yaml", "--policy-bundle", "none.yaml")]
    [InlineData("job", "submit-idea", "none.yaml", "--policy-bundle", "none.yaml")]
    [InlineData("task", "check", "--run-id", "r")]
    [InlineData("execute", "--run-id", "r")]
    [InlineData("execute", "--run-id", "r", "--once", "--follow")]
    [InlineData("events", "--after", "-1")]
    [InlineData("events")]
    [InlineData("rebuild")]
    public async Task Bad_input_makes_nothing(params string[] command) => await RefusedAsync(command);

    [Theory]
    [InlineData("epoch", "list")]
    [InlineData("demo", "jobs")]
    [InlineData("worker", "--once")]
    [InlineData("serve", "--urls", "http://127.0.0.1:0")]
    [InlineData("token", "create", "--name", "ci", "--role", "reader")]
    public async Task A_store_that_there_is_none_of_is_refused_before_anything_is_made(params string[] command)
    {
        var result = await RefusedAsync(command, Store("postgres"));
        Assert.Equal("assay: ASSAY_STORE: there is no store postgres: it is sqlite, as when it is left out [store]\n", result.Error);
        Assert.Contains("take it out", (await RefusedAsync(command, Store("sql\u001bite"))).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_store_that_is_used_anyway_may_be_named()
    {
        var patience = TimeSpan.FromSeconds(30);
        var made = await AssayProgram.RunAsync(AssayProgram.Program, ["worker", "--once"], _folder.Path, Store("sqlite"), patience);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    [Theory]
    [InlineData("worker", "--once")]
    [InlineData("job", "show", "0123456789ab")]
    public async Task A_workspace_that_is_a_file_is_refused_alike_by_who_reads_and_who_writes(params string[] command)
    {
        var file = _folder.Under("notes");
        await File.WriteAllTextAsync(file, "mine");
        var result = await AssayProgram.RunAsync(_folder.Path, [.. command, "--workspace", "notes"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal("assay: notes: there is no workspace here: run something first, or name another with --workspace [no_workspace]\n", result.Error);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task A_workspace_for_which_the_disk_has_no_room_leaves_nothing()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "true").Write();
        var mount = Directory.CreateDirectory(_folder.Under("mount")).FullName;
        string[] small = ["-t", "tmpfs", "-o", "size=4k", "tmpfs", mount];
        var mounted = await AssayProgram.RunAsync("/bin/mount", small, null, null, TimeSpan.FromSeconds(10));
        if (mounted.ExitCode != 0) Assert.Skip("mount needs root");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(mount, "fill"), new byte[4096]);
            var result = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan, "--workspace", Path.Combine(mount, "new", "workspace"));
            Assert.True(result.ExitCode == 3, result.Output + result.Error);
            Assert.Contains("where the record goes, cannot be made", result.Error, StringComparison.Ordinal);
            Assert.Equal(["fill"], Directory.EnumerateFileSystemEntries(mount).Select(Path.GetFileName));
        }
        finally
        {
            await AssayProgram.RunAsync("/bin/umount", [mount], null, null, TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    public async Task A_preflight_that_blocks_makes_nothing()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "true", c => c["command"] = new JsonArray("no-such-program-here"));
        var path = plan.Write();
        foreach (var word in new[] { "run", "submit", "check", "preflight" })
        {
            var blocked = await AssayProgram.RunAsync(_folder.Path, "epoch", word, path, "--json");
            Assert.Equal(2, blocked.ExitCode);
            Assert.NotEmpty(JsonNode.Parse(blocked.Output)!["problems"]!.AsArray());
            Assert.Equal(["plan"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        }
    }

    [Fact]
    public async Task A_project_of_another_workspace_makes_none_here()
    {
        using var tasks = new TaskFolder();
        tasks.Add("one", "true");
        tasks.Write();
        Assert.Equal(0, (await tasks.ExecuteAsync()).ExitCode);
        var other = tasks.Under("other");
        var refused = await tasks.ExecuteAsync("--workspace", other);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("belongs to the workspace", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(other));
    }

    [Fact]
    public async Task Check_says_what_can_run_in_every_lane()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "true");
        plan.Write();
        plan.Write("ladder.json", JsonNode.Parse("""{"schema_version":"epoch_ladder_v1","ladder_id":"L","rungs":[{"plan":"plan.json","required_verdict":"PASS"}]}""")!);
        using var jobs = new JobFolder().Write();
        using var tasks = new TaskFolder();
        tasks.Add("one", "true");
        tasks.Write();
        await FineAsync(_folder.Path, "epoch", "check", "plan/plan.json");
        await FineAsync(_folder.Path, "epoch", "preflight", "plan/plan.json");
        await FineAsync(_folder.Path, "epoch", "check", "plan/ladder.json");
        foreach (var document in new[] { "blueprint.json", "idea.json" })
        {
            await FineAsync(jobs.Path, "job", "check", document, "--snapshot", JobFolder.Snapshot, "--policy-bundle", "policies.json");
        }

        await FineAsync(tasks.Path, "task", "check", "--run-id", TaskFolder.RunId);
        await FineAsync(tasks.Path, "adapter", "check", "--adapters", "adapters.json");
    }

    private static async Task FineAsync(string folder, params string[] command)
    {
        var before = Directory.EnumerateFileSystemEntries(folder).Order().ToList();
        var text = await AssayProgram.RunAsync(folder, command);
        Assert.True(text.ExitCode == 0, text.Output + text.Error);
        Assert.EndsWith(" can run here\n", text.Output, StringComparison.Ordinal);
        var json = await AssayProgram.RunAsync(folder, [.. command, "--json"]);
        Assert.Empty(JsonNode.Parse(json.Output)!["problems"]!.AsArray());
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(folder).Order());
    }

    private static Dictionary<string, string> Store(string name) => new(StringComparer.Ordinal) { ["ASSAY_STORE"] = name };

    private Task<ProgramResult> RefusedAsync(params string[] command) => RefusedAsync(command, environment: null);

    private async Task<ProgramResult> RefusedAsync(string[] command, IReadOnlyDictionary<string, string>? environment)
    {
        var result = await AssayProgram.RunAsync(AssayProgram.Program, command, _folder.Path, environment, TimeSpan.FromSeconds(30));
        Assert.True(result.ExitCode == 2, $"{result.ExitCode}: {result.Output}{result.Error}");
        Assert.StartsWith("assay: ", result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        return result;
    }
}
