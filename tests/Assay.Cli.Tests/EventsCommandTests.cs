using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary><c>assay events</c>: the ledger, event by event.</summary>
public sealed class EventsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_line_has_position_time_stream_version_and_type_and_tells_no_secret()
    {
        await RunAsync("A", "echo out");
        var lines = (await AssayAsync("events")).Output.TrimEnd('\n').Split('\n');
        Assert.Equal(Enumerable.Range(1, lines.Length), lines.Select(l => int.Parse(l.TrimStart().Split(' ')[0])));
        Assert.All(lines, l => Assert.Matches(@"^ *\d+  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d  epoch/A  \d+  [A-Z_]+( |$)", l));
        Assert.Contains("EPOCH_FINISHED  verdict=PASS", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, l => l.Contains("hush", StringComparison.Ordinal));
        Assert.Contains("hush", (await AssayAsync("events", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_it_is_the_exact_record_a_document_a_line()
    {
        await RunAsync("A", "true");
        await RunAsync("B", "true");
        var all = (await AssayAsync("events", "--json")).Output.TrimEnd('\n').Split('\n');
        var logged = JsonNode.Parse((await AssayAsync("log", "--json")).Output)!.AsArray();
        Assert.Equal(logged.Count, all.Length);
        Assert.All(all.Zip(logged), p => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(p.First), p.Second)));
        var ofB = all.Where(l => (string)JsonNode.Parse(l)!["stream"]! == "epoch/B").ToArray();
        Assert.Equal(ofB, (await AssayAsync("events", "B", "--json")).Output.TrimEnd('\n').Split('\n'));
        Assert.Equal(ofB, (await AssayAsync("events", "epoch/B", "--json")).Output.TrimEnd('\n').Split('\n'));
        Assert.Equal(all[2..4], (await AssayAsync("events", "--after", "2", "--limit", "2", "--json")).Output.TrimEnd('\n').Split('\n'));
        var position = int.Parse((await AssayAsync("events", "B")).Output.TrimStart().Split(' ')[0]);
        Assert.Equal(ofB[1..], (await AssayAsync("events", "B", "--after", $"{position}", "--json")).Output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Following_tells_what_another_process_commits()
    {
        await RunAsync("A", "true");
        using var follow = AssayProgram.Start(AssayProgram.Program, ["events", "-f", "--json", "--after", "1"], _folder.Path);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assert.Equal(2, (long)JsonNode.Parse((await follow.StandardOutput.ReadLineAsync(deadline.Token))!)!["version"]!);
        var later = RunAsync("B", "true");
        while (await follow.StandardOutput.ReadLineAsync(deadline.Token) is { } line && !(line.Contains("epoch/B", StringComparison.Ordinal) && line.Contains("EPOCH_FINISHED", StringComparison.Ordinal)))
        {
        }

        await later;
        AssayProgram.Terminate(follow);
        await follow.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, follow.ExitCode);
    }

    [Fact]
    public async Task Following_looks_at_nothing_while_nothing_is_committed()
    {
        await RunAsync("A", "true");
        using var follow = AssayProgram.Start(AssayProgram.Program, ["events", "A", "-f"], _folder.Path);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await follow.StandardOutput.ReadLineAsync(deadline.Token) is { } line && !line.Contains("EPOCH_FINISHED", StringComparison.Ordinal))
        {
        }

        await Task.Delay(500);
        var before = Reads();
        await Task.Delay(2000);
        Assert.InRange(Reads() - before, 0, 12);
        follow.Kill();

        // The kernel's count of system calls that read.
        long Reads() => long.Parse(File.ReadLines($"/proc/{follow.Id}/io").Single(l => l.StartsWith("syscr:", StringComparison.Ordinal))["syscr:".Length..]);
    }

    private async Task RunAsync(string id, string script)
    {
        var plan = new PlanBuilder(_folder.Under(id)).Add("ONE", $"{script} # hush");
        plan.Plan["epoch_id"] = id;
        var run = await AssayAsync("epoch", "run", plan.Write());
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
    }

    private Task<ProgramResult> AssayAsync(params string[] arguments) => AssayProgram.RunAsync(_folder.Path, arguments);
}
