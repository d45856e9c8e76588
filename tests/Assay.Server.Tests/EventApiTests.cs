using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;

namespace Assay.Tests;

/// <summary>Server-sent events of the built command, whose server hears of commits that others make.</summary>
public sealed class EventApiTests
{
    private const string Path = $"/tasks/{RecordedRun.RunId}/events";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_of_another_process_arrives_and_Last_Event_ID_brings_what_was_missed()
    {
        await using var served = await ServedFolder.StartAsync();
        await using var run = await RecordedRun.OpenAsync(served.Folder.Under(".assay"));
        await run.CommitAsync(new ExecutionResumed("one"), new ExecutionResumed("two"));
        using var first = await ListenAsync(served, 1);
        Assert.Equal((2, "two"), await NextAsync(first));
        await run.CommitAsync(new ExecutionResumed("three"));
        Assert.Equal((3, "three"), await NextAsync(first));

        using var second = await ListenAsync(served, 2);
        Assert.Equal((3, "three"), await NextAsync(second));
        await run.CommitAsync(new ExecutionResumed("four"));
        Assert.Equal(await NextAsync(first), await NextAsync(second));
    }

    [Fact]
    public async Task A_place_that_no_event_has_is_refused()
    {
        await using var served = await ServedFolder.StartAsync();
        await using var run = await RecordedRun.OpenAsync(served.Folder.Under(".assay"));
        await run.CommitAsync(new ExecutionResumed("one"), new ExecutionResumed("two"));
        Assert.Equal("after", await RefusedAsync(served, $"{Path}?after=-1", null));
        Assert.Equal("last_event_id", await RefusedAsync(served, Path, "3"));
        Assert.Equal("last_event_id", await RefusedAsync(served, Path, "one"));
        Assert.Null(await RefusedAsync(served, Path, "2"));
        Assert.Null(await RefusedAsync(served, $"{Path}?after=2", null));
    }

    private static async Task<string?> RefusedAsync(ServedFolder served, string path, string? last)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var answer = await served.Anonymous.SendAsync(request, Cancel);
        if (answer.IsSuccessStatusCode) return null;
        Assert.Equal(400, (int)answer.StatusCode);
        return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!["title"]!;
    }

    [Fact]
    public async Task What_a_caged_run_may_have_written_is_told_to_nobody()
    {
        const string said = "printed by the program";
        await using var served = await ServedFolder.StartAsync();
        await using var run = await RecordedRun.OpenAsync(served.Folder.Under(".assay"));
        var attempted = new TaskAttempted("fix", AttemptResult.Failed, said, CanRetry: false, null, AdapterReport.Failed, null, default, 5)
        {
            Agent = new AgentRecord { Agent = said, Error = said },
        };
        await run.CommitAsync(
            new TaskStarted("fix", "shell", 1, Fallback: false), attempted,
            new TaskTested("fix", new Lanes.Tasks.TestResult("check", true, false, 1, 1, said, [said], 3)),
            new TaskFailed("fix", said, TaskFailure.Attempt, null));
        var text = await served.Anonymous.GetStringAsync(Path, Cancel);
        Assert.DoesNotContain(said, text, StringComparison.Ordinal);
        var events = JsonNode.Parse(text)!["events"]!.AsArray();
        Assert.Equal(["TASK_STARTED", "TASK_ATTEMPTED", "TASK_TESTED", "TASK_FAILED"], events.Select(e => (string)e!["event"]!));
        Assert.Equal((1, "fix"), ((int)events[0]!["version"]!, (string)events[0]!["data"]!["task_id"]!));
        Assert.StartsWith("{\"events\":[{\"data\":{\"adapter_id\":", text, StringComparison.Ordinal);
        Assert.Equal(404, (int)(await served.Anonymous.GetAsync("/tasks/none/events", Cancel)).StatusCode);
        Assert.Equal(404, (int)(await served.Anonymous.GetAsync("/epochs/none/events", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_client_that_reads_nothing_is_cut_off_while_another_goes_on()
    {
        const int many = 600;
        await using var served = await ServedFolder.StartAsync();
        await using var run = await RecordedRun.OpenAsync(served.Folder.Under(".assay"));
        await run.CommitAsync(new ExecutionResumed("first"));
        using var slow = new TcpClient { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync("127.0.0.1", new Uri(served.Url).Port, Cancel);
        var host = new Uri(served.Url).Authority;
        var asked = $"GET {Path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n";
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(asked), Cancel);
        using var quick = await ListenAsync(served, 0);
        Assert.Equal((1, "first"), await NextAsync(quick));
        var big = new string('x', 60_000);
        for (var i = 0; i < many; i++)
        {
            await run.CommitAsync(new ExecutionResumed(big));
            Assert.Equal(i + 2, (await NextAsync(quick)).Version);
        }

        // Only now it reads, and the end is there before all the events are.
        Assert.True(await CountAsync(slow.GetStream()) < (long)many * big.Length);
        using var again = await ListenAsync(served, many);
        Assert.Equal(many + 1, (await NextAsync(again)).Version);
    }

    private static async Task<long> CountAsync(NetworkStream stream)
    {
        var (buffer, total) = (new byte[1 << 16], 0L);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer, deadline.Token)) > 0;) total += read;
        }
        catch (IOException)
        {
            // Cut off.
        }

        return total;
    }

    private static async Task<StreamReader> ListenAsync(ServedFolder served, long seen)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Add("Accept", "text/event-stream");
        request.Headers.Add("Last-Event-ID", $"{seen}");
        var response = await served.Anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
    }

    private static async Task<(long Version, string By)> NextAsync(StreamReader reader)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        for (; ; )
        {
            var line = await reader.ReadLineAsync(deadline.Token) ?? throw new EndOfStreamException();
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var told = JsonNode.Parse(line[6..])!;
            return ((long)told["version"]!, (string)told["data"]!["by"]!);
        }
    }
}
