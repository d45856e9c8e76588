using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;

namespace Assay.Tests.Tasks;

/// <summary>Runs of tasks through the built command line.</summary>
public sealed class TaskExecutionTests
{
    [Fact]
    public async Task Tasks_that_pass_come_into_the_tree_and_the_record_keeps_its_contracts()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        folder.Add("edit", "echo two >> a.txt; mkdir d; echo new > d/n.txt; printf '\\000\\001' > d/bin; chmod 755 d/n.txt", "grep -q two a.txt");
        folder.Add("nothing", "true")["depends_on"] = new JsonArray("edit");
        folder.Write();
        var end = await folder.ExecuteAsync();
        Assert.True(end.ExitCode == 0, end.Output + end.Error);
        Assert.Equal(("one\ntwo\n", "new\n"), (folder.Read("a.txt"), folder.Read("d/n.txt")));
        Assert.Equal(0x1ED, (int)File.GetUnixFileMode(folder.Under("tree", "d", "n.txt")));
        Assert.Equal(["created", "validated", "applied", "verified", "committed"], folder.PatchStates()["edit"]);
        CheckContract("execution_results_v1", File.ReadAllText(folder.Under(".state", "execution_results.json")));
        foreach (var line in File.ReadAllLines(folder.Under(".state", "patch_ledger.jsonl"))) CheckContract("patch_event_v1", line);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        var again = await folder.ExecuteAsync();
        Assert.Equal((0, "one\ntwo\n"), (again.ExitCode, folder.Read("a.txt")));
    }

    [Fact]
    public async Task A_change_that_fails_its_test_stays_out_and_what_waits_for_it_is_cancelled()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        folder.Add("bad", "echo two > a.txt", "echo 'it says two'; grep -q one a.txt");
        folder.Add("after", "true")["depends_on"] = new JsonArray("bad");
        var end = await folder.Write().ExecuteAsync();
        Assert.Equal((1, "one\n"), (end.ExitCode, folder.Read("a.txt")));
        var results = await folder.ResultsAsync();
        Assert.Equal("it says two", (string)results["bad"]["acceptance"]!["tests"]![0]!["first_failures"]![0]!);
        Assert.Equal(("CANCELLED", "dependency_failed: bad is FAILED"), ((string)results["after"]["status"]!, (string)results["after"]["reason"]!));
        Assert.Equal("quarantined", folder.PatchStates()["bad"][^1]);
        Assert.Equal(2, (await folder.RunAsync("patch", "apply", (string)results["bad"]["patch_id"]!)).ExitCode);
    }

    [Fact]
    public async Task A_patch_is_rolled_back_byte_for_byte_applied_again_and_never_forced()
    {
        using var folder = new TaskFolder().File("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n").File("old/name.txt", "content\n");
        folder.Add("edit", "sed -i s/2/two/ a.txt; mkdir new; mv old/name.txt new/name.txt; ln -s ../a.txt new/link; chmod 600 a.txt");
        var before = Tree(folder);
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var after = Tree(folder);
        Assert.NotEqual(before, after);
        var patch = (string)(await folder.ResultsAsync())["edit"]["patch_id"]!;
        Assert.Equal(0, (await folder.RunAsync("patch", "rollback", patch)).ExitCode);
        Assert.Equal(before, Tree(folder));
        Assert.Equal(0, (await folder.RunAsync("patch", "apply", patch)).ExitCode);
        Assert.Equal(after, Tree(folder));

        File.AppendAllText(folder.Under("tree", "a.txt"), "mine\n");
        var refused = await folder.RunAsync("patch", "rollback", patch);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("a.txt has another content or mode now", refused.Error, StringComparison.Ordinal);
        File.WriteAllText(folder.Under("tree", "a.txt"), folder.Read("a.txt").Replace("mine\n", "", StringComparison.Ordinal));
        Assert.Equal(0, (await folder.RunAsync("patch", "rollback", patch)).ExitCode);

        File.AppendAllText(folder.Under("tree", "a.txt"), "mine\n");
        Assert.Equal(1, (await folder.RunAsync("patch", "apply", patch)).ExitCode);
        Assert.Contains("[untested]", (await folder.RunAsync("patch", "apply", patch, "--3way")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("patch", "apply", patch, "--3way", "--untested")).ExitCode);
        Assert.Equal("1\ntwo\n3\n4\n5\n6\n7\n8\n9\nmine\n", folder.Read("a.txt"));
        Assert.Contains("\"untested\":true", File.ReadAllLines(folder.Under(".state", "patch_ledger.jsonl"))[^1], StringComparison.Ordinal);

        // What a merge made is what is taken back.
        Assert.Equal(0, (await folder.RunAsync("patch", "rollback", patch)).ExitCode);
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\n9\nmine\n", folder.Read("a.txt"));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_tree_that_moved_on_while_the_task_worked_is_left_as_it_is()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        folder.Add("slow", $"echo two > a.txt; echo mine > {folder.Under("tree", "a.txt")}");
        var end = await folder.Write().ExecuteAsync();
        Assert.Equal((1, "mine\n"), (end.ExitCode, folder.Read("a.txt")));
        Assert.Contains("the tree has moved on", (string)(await folder.ResultsAsync())["slow"]["reason"]!, StringComparison.Ordinal);
        Assert.Equal("apply_failed", folder.PatchStates()["slow"][^1]);
    }

    [Fact]
    public async Task Only_what_is_retry_safe_is_tried_again_and_a_time_out_says_so()
    {
        using var folder = new TaskFolder();
        folder.Adapters["shell"]["retry"] = new JsonObject { ["max_attempts"] = 4, ["base_ms"] = 20, ["max_ms"] = 50 };
        folder.Add("safe", "[ $ASSAY_TASK_ATTEMPT -ge 4 ]")["retry_safe"] = true;
        folder.Add("unsafe", "exit 9");
        var slow = folder.Add("slow", "sleep 30");
        slow["budgets"] = new JsonObject { ["time_ms"] = 200, ["kill_grace_ms"] = 100 };
        var little = folder.Add("little", "exit 1");
        (little["retry_safe"], little["max_attempts"]) = (true, 2);
        Assert.Equal(1, (await folder.Write().ExecuteAsync("-j", "4")).ExitCode);
        var results = await folder.ResultsAsync();
        Assert.Equal(("COMPLETED", 4), ((string)results["safe"]["status"]!, (int)results["safe"]["attempts"]!));
        Assert.Equal(("FAILED", 1, "exit code 9; the task is not declared retry_safe"), ((string)results["unsafe"]["status"]!, (int)results["unsafe"]["attempts"]!, (string)results["unsafe"]["reason"]!));
        Assert.Equal(("TIMEOUT", 1), ((string)results["slow"]["status"]!, (int)results["slow"]["attempts"]!));
        Assert.Equal(("FAILED", 2), ((string)results["little"]["status"]!, (int)results["little"]["attempts"]!));
    }

    [Fact]
    public async Task Tasks_go_by_priority_and_never_two_at_once_where_they_may_write_the_same()
    {
        using var folder = new TaskFolder();
        var log = folder.Under("order");
        foreach (var (id, priority) in new[] { ("c", 3), ("a", 1), ("b", 2) })
        {
            folder.Add(id, $"echo {id}+ >> {log}; sleep 0.2; echo {id}- >> {log}; echo {id} > shared.txt", "true", "shared.txt")["priority"] = priority;
        }

        folder.Add("other", $"echo o+ >> {log}; sleep 0.1; echo o- >> {log}", "true", "elsewhere/**")["priority"] = 9;
        Assert.Equal(0, (await folder.Write().ExecuteAsync("-j", "4")).ExitCode);
        var order = File.ReadAllLines(log).Where(l => l[0] != 'o');
        Assert.Equal(["a+", "a-", "b+", "b-", "c+", "c-"], order);
        Assert.Equal("c\n", folder.Read("shared.txt"));
        Assert.Contains("o+", File.ReadAllLines(log).Take(3));
    }

    [Fact]
    public async Task A_manual_task_waits_for_its_person_with_instructions_and_a_copy_of_the_tree()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        folder.Adapters["person"] = new JsonObject { ["adapter_id"] = "person", ["kind"] = "manual" };
        var task = folder.Add("by-hand", "", "grep -q two a.txt");
        task.Remove("command");
        task["instructions"] = "Write two.";
        folder.Routes["by-hand"] = ["person"];
        folder.Add("same-file", "echo three >> a.txt", "grep -q three a.txt", "a.txt")["priority"] = 1;
        var first = await folder.Write().ExecuteAsync();
        Assert.Equal(5, first.ExitCode);
        const string held = "waits for by-hand, which holds **, waiting for a person since ";
        Assert.Contains(held, (await folder.RunAsync("task", "show", "same-file")).Output, StringComparison.Ordinal);
        var shown = await folder.RunAsync("task", "show", "by-hand");
        Assert.Contains("Write two.", shown.Output, StringComparison.Ordinal);
        Assert.Equal("Write two.", File.ReadAllText(folder.Under(".assay", "tasks", TaskFolder.RunId, "by-hand", "instructions.md")));
        var copy = Directory.GetDirectories(folder.Under(".assay", "trees"), "work", SearchOption.AllDirectories).Single();
        File.WriteAllText(Path.Combine(copy, "a.txt"), "two\n");
        File.WriteAllText(folder.Under("proof.md"), "done\n");
        Assert.Equal(0, (await folder.RunAsync("task", "done", "by-hand", "--evidence", "proof.md", "--note", "as asked")).ExitCode);
        Assert.Equal(2, (await folder.RunAsync("task", "done", "by-hand")).ExitCode);
        Assert.Equal((0, "two\nthree\n"), ((await folder.ExecuteAsync()).ExitCode, folder.Read("a.txt")));
        Assert.Equal("done\n", File.ReadAllText(folder.Under(".assay", "tasks", TaskFolder.RunId, "by-hand", "evidence", "proof.md")));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_task_is_cancelled_while_it_runs_and_may_be_reopened()
    {
        using var folder = new TaskFolder();
        var flag = folder.Under("flag");
        folder.Add("long", $"[ -e {flag} ] || sleep 60; echo x > a.txt");
        folder.Add("after", "true")["depends_on"] = new JsonArray("long");
        folder.Write();
        var running = folder.ExecuteAsync();
        await UntilAsync(async () => (await folder.RunAsync("task", "show", "long")).Output.Contains("TASK_STARTED", StringComparison.Ordinal));
        Assert.Equal(0, (await folder.RunAsync("task", "cancel", "long", "--reason", "not now")).ExitCode);
        Assert.Equal(1, (await running).ExitCode);
        var results = await folder.ResultsAsync();
        Assert.Equal(("CANCELLED", "CANCELLED"), ((string)results["long"]["status"]!, (string)results["after"]["status"]!));
        Assert.Contains("not now", (string)results["long"]["reason"]!, StringComparison.Ordinal);
        File.WriteAllText(flag, "");
        Assert.Equal(0, (await folder.RunAsync("task", "retry", "long")).ExitCode);
        Assert.Equal(0, (await folder.ExecuteAsync()).ExitCode);
        Assert.Equal("COMPLETED", (string)(await folder.ResultsAsync())["after"]["status"]!);
    }

    [Fact]
    public async Task Once_does_what_can_be_done_now_and_leaves()
    {
        using var folder = new TaskFolder();
        folder.Adapters["shell"]["retry"] = new JsonObject { ["base_ms"] = 60_000, ["max_ms"] = 60_000 };
        folder.Add("later", "[ $ASSAY_TASK_ATTEMPT -ge 2 ]")["retry_safe"] = true;
        folder.Add("now", "true");
        Assert.Equal(0, (await folder.Write().ExecuteAsync("--once")).ExitCode);
        var results = await folder.ResultsAsync();
        Assert.Equal(("PENDING", "COMPLETED"), ((string)results["later"]["status"]!, (string)results["now"]["status"]!));
    }

    [Fact]
    public async Task What_a_task_calls_its_files_does_not_steer_a_terminal()
    {
        using var folder = new TaskFolder();
        folder.Add("name", "printf x > \"$(printf 'a\\033[2Jb')\"");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        File.AppendAllText(Directory.EnumerateFiles(folder.Under("tree")).Single(), "mine");
        var refused = await folder.RunAsync("patch", "rollback", (string)(await folder.ResultsAsync())["name"]["patch_id"]!);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("has another content or mode now", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', refused.Error);
    }

    [Fact]
    public async Task Stopped_by_a_signal_it_goes_on_later()
    {
        using var folder = new TaskFolder();
        folder.Add("safe", $"[ -e {folder.Under("flag")} ] || sleep 60")["retry_safe"] = true;
        folder.Write();
        using var running = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path);
        await UntilAsync(async () => (await folder.RunAsync("task", "show", "safe")).Output.Contains("TASK_STARTED", StringComparison.Ordinal));
        Assert.Contains("is being executed by process", (await folder.ExecuteAsync()).Error, StringComparison.Ordinal);
        AssayProgram.Terminate(running);
        await running.WaitForExitAsync();
        Assert.Equal(130, running.ExitCode);
        File.WriteAllText(folder.Under("flag"), "");
        Assert.Equal(0, (await folder.ExecuteAsync()).ExitCode);
    }

    [Fact]
    public async Task An_HTTP_adapter_is_asked_again_when_it_says_so_and_a_redirect_to_another_host_is_not_followed()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        var asked = 0;
        using var server = new LoopbackServer((request, response) =>
        {
            switch (request.Path)
            {
                case "/busy" when Interlocked.Increment(ref asked) < 3:
                    response.StatusCode = 429;
                    response.AddHeader("Retry-After", "0");
                    return "busy";
                case "/busy":
                    return "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n";
                case "/away":
                    response.StatusCode = 307;
                    response.AddHeader("Location", "http://example.invalid/");
                    return "";
                case "/near":
                    response.StatusCode = 307;
                    response.AddHeader("Location", "/text");
                    return "";
                case "/wrong":
                    response.StatusCode = 422;
                    return "no such thing";
                case "/large":
                    return new string('x', 100_000);
                default:
                    return "fine";
            }
        });
        foreach (var path in new[] { "busy", "away", "near", "wrong", "large" })
        {
            folder.Adapters[path] = new JsonObject
            {
                ["adapter_id"] = path,
                ["kind"] = "http",
                ["url"] = $"{server.Url}/{path}",
                ["max_response_bytes"] = 50_000,
                ["headers"] = new JsonObject { ["Authorization"] = "Bearer {env:TOKEN}" },
                ["retry"] = new JsonObject { ["base_ms"] = 10, ["max_ms"] = 50 },
            };
            folder.Add(path, "").Remove("command");
            folder.Routes[path] = [path];
        }

        folder.Adapters["busy"]["answer"] = "patch";
        folder.Write();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = "very-secret-token" };
        var end = await AssayProgram.RunAsync(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path, variables, TimeSpan.FromMinutes(1));
        Assert.Equal(1, end.ExitCode);
        var results = await folder.ResultsAsync();
        Assert.Equal(("COMPLETED", 1, "two\n", 3), ((string)results["busy"]["status"]!, (int)results["busy"]["attempts"]!, folder.Read("a.txt"), asked));
        Assert.Contains("a redirect to another host", (string)results["away"]["reason"]!, StringComparison.Ordinal);
        Assert.Equal("COMPLETED", (string)results["near"]["status"]!);
        Assert.Equal(("FAILED", 1, "answered 422: no such thing; the task is not declared retry_safe"), ((string)results["wrong"]["status"]!, (int)results["wrong"]["attempts"]!, (string)results["wrong"]["reason"]!));
        Assert.Contains("larger than 50000 bytes", (string)results["large"]["reason"]!, StringComparison.Ordinal);
        Assert.All(server.Requests, r => Assert.Equal("Bearer very-secret-token", r.Headers["Authorization"]));
        Assert.Equal($"{TaskFolder.RunId}/busy/1", server.Requests.First(r => r.Path == "/busy").Headers["Idempotency-Key"]);
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)) Assert.DoesNotContain("very-secret-token", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_breaker_that_opens_sends_tasks_to_the_fallback_and_tells_the_webhook_signed()
    {
        using var folder = new TaskFolder();
        var sent = 0;
        using var webhook = new LoopbackServer((_, response) =>
        {
            if (Interlocked.Increment(ref sent) == 1) response.StatusCode = 500;
            return "";
        });
        folder.Settings["escalation"] = new JsonObject { ["webhook_url"] = webhook.Url, ["secret_env"] = "HOOK_KEY" };
        folder.Adapters["broken"] = new JsonObject
        {
            ["adapter_id"] = "broken",
            ["kind"] = "process",
            ["command"] = new JsonArray("false"),
            ["sandbox"] = "none",
            ["concurrency"] = 1,
            ["circuit_breaker"] = new JsonObject { ["failure_threshold"] = 2, ["open_ms"] = 60_000 },
            ["retry"] = new JsonObject { ["base_ms"] = 1, ["max_ms"] = 1 },
        };
        for (var i = 0; i < 4; i++)
        {
            folder.Add($"t{i}", $"echo {i} > f{i}.txt", "true", $"f{i}.txt")["retry_safe"] = true;
            folder.Routes[$"t{i}"] = ["broken", "shell"];
        }

        folder.Write();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOOK_KEY"] = "a key for signing" };
        var end = await AssayProgram.RunAsync(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path, variables, TimeSpan.FromMinutes(1));
        Assert.True(end.ExitCode == 0, end.Output + end.Error);
        Assert.All((await folder.ResultsAsync()).Values, r => Assert.Equal("shell", (string)r["adapter_id"]!));
        Assert.Contains("\"circuit\": \"OPEN\"", (await folder.RunAsync("adapter", "list", "--json")).Output, StringComparison.Ordinal);
        var delivered = webhook.Requests.ToList();
        Assert.Equal(2, delivered.Count);
        Assert.Equal(delivered[0].Body, delivered[1].Body);
        CheckContract("escalation_v1", delivered[0].Body);
        Assert.Equal("circuit_opened", (string)JsonNode.Parse(delivered[0].Body)!["trigger"]!);
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData("a key for signing"u8, Encoding.UTF8.GetBytes(delivered[0].Body)));
        Assert.Equal($"sha256={signature}", delivered[0].Headers["X-Assay-Signature"]);
    }

    [Fact]
    public async Task With_no_adapter_left_the_run_pauses_and_goes_on_by_itself_when_health_returns()
    {
        using var folder = new TaskFolder();
        folder.Adapters["shell"]["health_check"] = new JsonObject { ["command"] = new JsonArray("test", "-e", folder.Under("well")), ["interval_ms"] = 200 };
        folder.Add("one", "echo x > a.txt");
        folder.Write();
        var running = folder.ExecuteAsync();
        await UntilAsync(async () => (await folder.RunAsync("run", "status", TaskFolder.RunId)).Output.Contains("paused: no adapter can take a task: shell", StringComparison.Ordinal));
        File.WriteAllText(folder.Under("well"), "");
        var end = await running;
        Assert.True(end.ExitCode == 0, end.Output + end.Error);
        Assert.Equal("x\n", folder.Read("a.txt"));
        var log = File.ReadAllText(folder.Under("logs", "resilience.jsonl"));
        Assert.True(log.IndexOf("EXECUTION_PAUSED", StringComparison.Ordinal) < log.IndexOf("EXECUTION_RESUMED", StringComparison.Ordinal), log);
    }

    [Fact]
    public async Task What_tasks_print_is_in_their_logs_one_object_a_line()
    {
        using var folder = new TaskFolder();
        folder.Add("talk", "echo 'hällo'; printf 'no end'; echo oops >&2");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var log = File.ReadAllLines(folder.Under("logs", "execution", "talk.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject());
        var lines = log.Where(l => l.ContainsKey("text")).ToList();
        Assert.Equal(["hällo", "no end", "oops"], lines.Select(l => (string)l["text"]!).Order(StringComparer.Ordinal));
        Assert.Contains(lines, l => (string)l["stream"]! == "stderr");
        Assert.All(File.ReadAllLines(folder.Under("logs", "executor.jsonl")), l => Assert.NotNull(JsonNode.Parse(l)!["event"]));
    }

    [Fact]
    public async Task A_repository_is_worked_on_as_it_is_now_and_what_git_ignores_is_no_change()
    {
        // The project is its own tree, with Assay's files in it.
        using var folder = new TaskFolder();
        folder.Add("edit", "git status --porcelain > seen.txt; git log --oneline | wc -l >> seen.txt; echo built > out.o; git -c user.name=a -c user.email=a@example.invalid commit -qam x; ls -a .state .assay logs 2>&1 | wc -l >> seen.txt", "grep -q changed a.txt && [ -d .git ]", "*.txt");
        folder.Tasks["edit"]["working_tree"] = ".";
        folder.Write();
        foreach (var (name, text) in new[] { (".gitignore", "*.o\n"), ("a.txt", "committed\n") }) File.WriteAllText(folder.Under(name), text);
        using (var git = Process.Start(new ProcessStartInfo("sh", ["-c", "git init -q . && git add -A . && git -c user.name=t -c user.email=t@example.invalid commit -q -m all"]) { WorkingDirectory = folder.Path })!) await git.WaitForExitAsync();
        File.WriteAllText(folder.Under("a.txt"), "changed\n");
        var end = await folder.ExecuteAsync();
        Assert.True(end.ExitCode == 0, end.Output + end.Error);
        var seen = File.ReadAllText(folder.Under("seen.txt"));
        Assert.Contains(" M a.txt", seen, StringComparison.Ordinal);
        Assert.Contains("\n1\n", seen, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.Under("out.o")));
        Assert.Equal("changed\n", File.ReadAllText(folder.Under("a.txt")));
        Assert.Equal("seen.txt", (string)(await folder.ResultsAsync())["edit"]["files_changed"]!.AsArray().Single()!);
    }

    [Fact]
    public async Task A_model_answers_with_a_patch_at_a_cost_and_not_beyond_its_budget()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        const string diff = "```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n```";
        using var server = new LoopbackServer((_, response) =>
        {
            response.ContentType = "text/event-stream";
            string Chunk(JsonObject choice) => $"data: {new JsonObject { ["choices"] = new JsonArray(choice) }.ToJsonString()}\n\n";
            return Chunk(new JsonObject { ["delta"] = new JsonObject { ["content"] = diff } })
                + Chunk(new JsonObject { ["delta"] = new JsonObject(), ["finish_reason"] = "stop" })
                + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":50}}\n\ndata: [DONE]\n\n";
        });
        folder.Adapters["model"] = new JsonObject
        {
            ["adapter_id"] = "model",
            ["kind"] = "model",
            ["answer"] = "patch",
            ["sandbox"] = "none",
            ["model"] = new JsonObject
            {
                ["endpoint"] = server.Url,
                ["model"] = "m",
                ["instructions"] = "Answer with a unified diff.",
                ["max_output_tokens"] = 200,
                ["input_usd_per_million_tokens"] = 1000,
                ["output_usd_per_million_tokens"] = 2000,
            },
        };
        foreach (var (id, budget) in new[] { ("rich", 5.0), ("poor", 0.001) })
        {
            var task = folder.Add(id, "", "true", "a.txt");
            task.Remove("command");
            task["prompt"] = "Make it two.";
            task["budgets"] = new JsonObject { ["cost_usd"] = budget, ["time_ms"] = 20_000 };
            folder.Routes[id] = ["model"];
        }

        Assert.Equal(4, (await folder.Write().ExecuteAsync()).ExitCode);
        var results = await folder.ResultsAsync();
        Assert.True((string)results["rich"]["status"]! == "COMPLETED", results["rich"].ToJsonString());
        Assert.Equal(("two\n", 0.2m), (folder.Read("a.txt"), (decimal)results["rich"]["cost_usd"]!));
        const string said = "it spent more than its budget; cost limit $0.001 (the task's budgets.cost_usd), spent ";
        Assert.StartsWith(said, (string)results["poor"]["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_requests_go_out_than_the_rate_allows()
    {
        using var folder = new TaskFolder();
        var times = new System.Collections.Concurrent.ConcurrentQueue<long>();
        using var server = new LoopbackServer((_, _) =>
        {
            times.Enqueue(Stopwatch.GetTimestamp());
            return "ok";
        });
        folder.Adapters["web"] = new JsonObject
        {
            ["adapter_id"] = "web",
            ["kind"] = "http",
            ["url"] = server.Url,
            ["concurrency"] = 8,
            ["rate_limit"] = new JsonObject { ["permits"] = 2, ["per_ms"] = 1000 },
        };
        for (var i = 0; i < 6; i++)
        {
            folder.Add($"t{i}", "").Remove("command");
            folder.Tasks[$"t{i}"].Remove("working_tree");
            folder.Tasks[$"t{i}"].Remove("file_scope");
            folder.Routes[$"t{i}"] = ["web"];
        }

        Assert.Equal(0, (await folder.Write().ExecuteAsync("-j", "8")).ExitCode);

        // Six take two windows more. Without a limit they take none, and what a busy machine holds up is not the limiter's.
        var took = Stopwatch.GetElapsedTime(times.Min(), times.Max());
        Assert.True(times.Count == 6 && took.TotalMilliseconds > 1000, $"{times.Count} requests went out within {took}");
    }

    [Fact]
    public async Task A_person_who_lets_a_manual_task_wait_is_reminded_once()
    {
        using var folder = new TaskFolder();
        using var webhook = new LoopbackServer((_, _) => "");
        folder.Settings["escalation"] = new JsonObject { ["webhook_url"] = webhook.Url, ["secret_env"] = "HOOK_KEY" };
        folder.Adapters["person"] = new JsonObject { ["adapter_id"] = "person", ["kind"] = "manual", ["reminder_ms"] = 300 };
        var task = folder.Add("by-hand", "");
        foreach (var key in new[] { "command", "working_tree", "file_scope", "acceptance_tests" }) task.Remove(key);
        task["instructions"] = "Do it.";
        folder.Routes["by-hand"] = ["person"];
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOOK_KEY"] = "a key for signing" };
        var following = AssayProgram.RunAsync(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId, "--follow"], folder.Write().Path, variables, TimeSpan.FromMinutes(1));
        await UntilAsync(() => Task.FromResult(!webhook.Requests.IsEmpty));
        Assert.Equal("manual_task_waits", (string)JsonNode.Parse(webhook.Requests.First().Body)!["trigger"]!);
        Assert.Equal(0, (await folder.RunAsync("task", "done", "by-hand")).ExitCode);
        Assert.Equal(0, (await following).ExitCode);
        Assert.Single(webhook.Requests);
    }

    [Fact]
    public async Task Traces_and_metrics_go_to_a_collector_under_the_ids_of_the_ledger()
    {
        using var folder = new TaskFolder();
        using var collector = new LoopbackServer((_, _) => "");
        folder.Add("one", "echo x > a.txt");
        folder.Write();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        };
        var end = await AssayProgram.RunAsync(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path, variables, TimeSpan.FromMinutes(1));
        Assert.True(end.ExitCode == 0, end.Output + end.Error);
        var traces = collector.Requests.Where(r => r.Path == "/v1/traces").SelectMany(r => r.Bytes).ToArray();
        var traceId = SHA256.HashData(Encoding.UTF8.GetBytes($"execution/{TaskFolder.RunId}"))[..16];
        Assert.True(traces.AsSpan().IndexOf(traceId) >= 0, "no span has the trace id of the run's stream");
        foreach (var word in new[] { "assay.task_id", "assay.attempt", "execution", "attempt" }) Assert.True(traces.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0, word);
        var metrics = string.Concat(collector.Requests.Where(r => r.Path == "/v1/metrics").Select(r => r.Body));
        string[] names = ["tasks_executed_total", "task_success_rate", "task_duration_seconds", "circuit_breaker_state", "acceptance_test_pass_rate", "executor_heartbeat"];
        Assert.All(names, n => Assert.Contains(n, metrics, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_of_several_runs_tells_a_collector_of_each_attempt_once()
    {
        using var first = new TaskFolder();
        using var second = new TaskFolder();
        using var collector = new LoopbackServer((_, _) => "");
        foreach (var folder in new[] { first, second })
        {
            folder.Add("one", "sleep 1; echo x > a.txt");
            folder.Write();
        }

        foreach (var name in new[] { "task_queue.json", "routing_decisions.json" })
        {
            var path = second.Under(".state", name);
            File.WriteAllText(path, File.ReadAllText(path).Replace(TaskFolder.RunId, "night-2", StringComparison.Ordinal));
        }

        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        };
        string[] work = ["worker", "--once", "--run-tasks", first.Path, second.Path];
        var end = await AssayProgram.RunAsync(AssayProgram.Program, work, first.Path, variables, TimeSpan.FromMinutes(1));
        Assert.True(end.ExitCode == 0, end.Output + end.Error);
        var traces = string.Concat(collector.Requests.Where(r => r.Path == "/v1/traces").Select(r => r.Body));
        Assert.Equal(2, traces.Split("assay.attempt").Length - 1);
    }

    [Fact]
    public async Task A_run_that_nobody_works_on_says_how_it_goes_on()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "false");
        await folder.Write().ExecuteAsync();
        const string left = "Nobody works on it: assay execute --run-id night-1 --root ";
        Assert.DoesNotContain(left, (await folder.RunAsync("run", "status", TaskFolder.RunId)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("task", "retry", "one")).ExitCode);
        Assert.Contains($"{left}{folder.Path}\n", (await folder.RunAsync("run", "status", TaskFolder.RunId)).Output, StringComparison.Ordinal);
        Assert.Contains(left, (await folder.RunAsync("task", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_was_told_to_end_says_so_and_what_its_tasks_wait_for()
    {
        using var folder = new TaskFolder();
        folder.Add("one", $"touch {folder.Under("begun")}; sleep 60", "true", "one");
        folder.Add("two", "true", "echo two is bad >&2; false")["depends_on"] = new JsonArray("one");
        folder.Add("last", "echo out; echo no such thing >&2; exit 3", "true", "last");
        folder.Adapters["shell"]["retry"] = new JsonObject { ["max_attempts"] = 1 };
        using var engine = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId, "-j", "2"], folder.Write().Path);
        var patience = Stopwatch.StartNew();
        while (!File.Exists(folder.Under("begun")) || !(await folder.RunAsync("task", "show", "last")).Output.Contains("FAILED", StringComparison.Ordinal))
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(1), "neither of the two tasks came as far");
            await Task.Delay(50);
        }

        Assert.Contains("PENDING: waits for one\n", (await folder.RunAsync("task", "show", "two")).Output, StringComparison.Ordinal);
        Assert.Contains("The last that it printed:\n  out\n  no such thing\n", (await folder.RunAsync("task", "show", "last")).Output, StringComparison.Ordinal);
        AssayProgram.Terminate(engine);
        await engine.WaitForExitAsync();
        const string left = "Nobody works on it: assay execute --run-id night-1 --root ";
        Assert.Contains(left, (await folder.RunAsync("run", "status", TaskFolder.RunId)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inputs_that_changed_are_another_run()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "true");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        folder.Tasks["one"]["title"] = "Something else";
        var changed = await folder.Write().ExecuteAsync();
        Assert.Equal(2, changed.ExitCode);
        Assert.Contains("the task one, or its route, has changed", changed.Error, StringComparison.Ordinal);
        Assert.Contains("[run_changed]", changed.Error, StringComparison.Ordinal);
        folder.Tasks["one"]["title"] = "The task one";
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        folder.Settings["safe_mode_after_ms"] = 5;
        Assert.Equal(2, (await folder.Write().ExecuteAsync()).ExitCode);
    }

    [Fact]
    public async Task Tasks_that_are_added_to_the_queue_are_taken_and_any_other_change_is_named()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "true");
        folder.Add("two", "true");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        folder.Add("three", "echo 3 > three.txt", "test -f three.txt");
        folder.Tasks["three"]["depends_on"] = new JsonArray("two");
        folder.Adapters["another"] = (JsonObject)folder.Adapters["shell"].DeepClone();
        folder.Adapters["another"]["adapter_id"] = "another";
        folder.Routes["three"] = ["another"];
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        Assert.Equal("COMPLETED", (string)(await folder.ResultsAsync())["three"]["status"]!);
        Assert.Equal("3\n", folder.Read("three.txt"));
        Assert.Contains("TASK_ADDED", (await folder.RunAsync("log", "execution/night-1")).Output, StringComparison.Ordinal);

        var (one, two, three) = (folder.Tasks["one"], folder.Tasks["two"], folder.Tasks["three"]);
        folder.Tasks.Remove("two");
        three.Remove("depends_on");
        Assert.Contains("the task two was taken out of the queue", (await folder.Write().ExecuteAsync()).Error, StringComparison.Ordinal);
        folder.Tasks.Clear();
        (folder.Tasks["two"], folder.Tasks["one"], folder.Tasks["three"]) = (two, one, three);
        three["depends_on"] = new JsonArray("two");
        Assert.Contains("has another place in the queue", (await folder.Write().ExecuteAsync()).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_project_belongs_to_one_workspace_until_it_is_handed_over()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "echo x >> done.txt", "true");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var other = folder.Under("other");
        var refused = await folder.ExecuteAsync("--workspace", other);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"the project belongs to the workspace {folder.Under(".assay")}", refused.Error, StringComparison.Ordinal);
        Assert.Equal("x\n", folder.Read("done.txt"));
        Assert.Equal(0, (await folder.ExecuteAsync("--workspace", other, "--take-over")).ExitCode);
        Assert.Contains("[project_claimed]", (await folder.ExecuteAsync()).Error, StringComparison.Ordinal);

        // What says nothing that can be read belongs to nobody, which is said, not guessed.
        File.WriteAllText(folder.Under(".state", "workspace.json"), "{}");
        Assert.Contains("workspace.json", (await folder.ExecuteAsync()).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.ExecuteAsync("--take-over")).ExitCode);
    }

    [Fact]
    public async Task A_run_that_is_under_way_takes_what_is_added_to_its_queue()
    {
        using var folder = new TaskFolder();
        folder.Add("one", $"while [ ! -e {folder.Under("go")} ]; do sleep 0.1; done");
        folder.Write();
        var running = folder.ExecuteAsync();
        await UntilAsync(async () => (await folder.RunAsync("task", "list")).Output.Contains("IN_PROGRESS", StringComparison.Ordinal));
        folder.Add("two", "echo 2 > two.txt", "test -f two.txt");
        folder.Write();
        await UntilAsync(async () => (await folder.RunAsync("task", "list")).Output.Contains("two", StringComparison.Ordinal));
        File.WriteAllText(folder.Under("go"), "");
        Assert.Equal(0, (await running).ExitCode);
        Assert.Equal("2\n", folder.Read("two.txt"));
    }

    private static string Tree(TaskFolder folder) => string.Join('\n', Directory
        .EnumerateFileSystemEntries(folder.Under("tree"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Where(p => !Directory.Exists(p) || new FileInfo(p).LinkTarget is not null)
        .Select(p => $"{Path.GetRelativePath(folder.Under("tree"), p)} {new FileInfo(p).LinkTarget ?? $"{File.GetUnixFileMode(p)} {File.ReadAllText(p)}"}"));

    private static void CheckContract(string version, string json)
    {
        var document = InputDocument.Read(Encoding.UTF8.GetBytes(json), $"{version}.json");
        Assert.True(document.IsValid, string.Join('\n', document.Problems));
        var valid = ContractCatalog.Check(document.Value, version);
        Assert.True(valid.IsValid, string.Join('\n', valid.Problems));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!await condition()) Assert.True(DateTime.UtcNow < deadline, "it never came so far");
    }
}
