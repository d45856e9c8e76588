using System.Text.Json.Nodes;

namespace Assay.Tests.Tasks;

/// <summary>Programs and diffs that try to get out of the tree that they were given, all in one run; the real tree and all around it stay as they were.</summary>
public sealed class HostileChangeTests
{
    private const string Completed = "COMPLETED";
    private const string Failed = "FAILED";

    /// <summary>Name, script, how the task ends, and a part of the reason; null where the sandbox swallows the attempt or fails it, which is the same to everybody outside.</summary>
    private static readonly (string Name, string Script, string? Status, string? Reason)[] Scripts =
    [
        ("parent", "echo x > ../escape.txt", null, null),
        ("far-up", "echo x > ../../../../../escape.txt", null, null),
        ("absolute", "echo x > {tree}/escape.txt", null, null),
        ("project", "echo x > {project}/adapters.json", null, null),
        ("ledger", "echo x > {project}/.assay/ledger.db", null, null),
        ("through-link", "echo x > exit/evil", null, null),
        ("link-absolute", "ln -s /etc ok/etc", Failed, "leaves the tree"),
        ("link-up", "ln -s ../../.. ok/up", Failed, "leaves the tree"),
        ("link-round", "ln -s a/../../.. ok/round", Failed, "leaves the tree"),
        ("folder-to-link", "rm -r ok; ln -s /tmp ok", Failed, "leaves the tree"),
        ("hook", "mkdir -p .git/hooks; echo evil > .git/hooks/post-commit; chmod +x .git/hooks/post-commit", Completed, null),
        ("git-config", "git config core.fsmonitor 'touch {project}/pwned'; git config core.hooksPath /tmp", Completed, null),
        ("submodule", "mkdir -p ok/sub/.git/hooks; echo evil > ok/sub/.git/hooks/pre-push; echo fine > ok/sub/file", Completed, null),
        ("gitmodules", "printf '[submodule \"x\"]\\npath = ../../x\\n' > .gitmodules", Failed, "outside of what may be written"),
        ("newline-inside", "printf x > \"$(printf 'ok/a\\nb')\"", Completed, null),
        ("newline-outside", "printf x > \"$(printf '..\\nx')\"", Failed, "outside of what may be written"),
        ("backslashes", "printf x > 'ok/..\\..\\x'", Completed, null),
        ("no-utf8", "printf x > \"$(printf 'ok/\\377')\"", Failed, "no UTF-8"),
        ("pipe", "mkfifo ok/pipe", Failed, "a pipe"),
        ("setuid", "cp /bin/true ok/true; chmod 755 ok/true; chmod 4755 ok/true || true", Completed, null),
        ("state", "mkdir -p .state; echo '{}' > .state/execution_results.json", Failed, "protected"),
        ("workspace", "mkdir -p .assay; echo x > .assay/x", Failed, "protected"),
        ("contracts", "mkdir -p contracts; echo '{}' > contracts/x.json", Failed, "protected"),
        ("logs", "mkdir -p logs; echo '{}' > logs/executor.jsonl", Failed, "protected"),
        ("deletes", "rm outside.txt", Failed, "outside.txt is outside"),
        ("mode", "chmod 777 outside.txt", Failed, "outside.txt is outside"),
        ("renames", "mv outside.txt ok/mine.txt", Failed, "outside.txt is outside"),
        ("case", "mkdir OK; echo x > OK/x", Failed, "OK/x is outside"),
        ("forbidden", "echo x > ok/secret.key", Failed, "forbidden"),
        ("attributes", "echo '* filter=evil diff=evil' > ok/.gitattributes; echo text > ok/shown.txt", Completed, null),
        ("late", "setsid sh -c 'sleep 2; echo late > ok/late.txt' & echo now > ok/now.txt", Completed, null),
        ("flood", "yes", Failed, "printed more than"),
    ];

    /// <summary>Diffs as an HTTP adapter answers them; none may be applied.</summary>
    private static readonly (string Name, string Diff)[] Diffs =
    [
        ("diff-up", Diff("../escape.txt")),
        ("diff-far", Diff("ok/../../escape.txt")),
        ("diff-absolute", Diff("/tmp/assay-escape.txt")),
        ("diff-git", Diff(".git/hooks/post-commit")),
        ("diff-link", Diff("exit/evil.txt")),
        ("diff-new-link", "diff --git a/ok/l b/ok/l\nnew file mode 120000\n--- /dev/null\n+++ b/ok/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\ndiff --git a/ok/l/evil b/ok/l/evil\nnew file mode 100644\n--- /dev/null\n+++ b/ok/l/evil\n@@ -0,0 +1 @@\n+x\n"),
        ("diff-rename", "diff --git a/outside.txt b/ok/mine.txt\nsimilarity index 100%\nrename from outside.txt\nrename to ok/mine.txt\n"),
        ("diff-garbage", "this is no diff\n"),
        ("diff-empty", ""),
    ];

    [Fact]
    public async Task Nothing_gets_out_of_the_tree_and_what_is_not_permitted_is_quarantined()
    {
        using var folder = new TaskFolder();
        using var server = new LoopbackServer((request, _) => Diffs.Single(d => d.Name == (string)JsonNode.Parse(request.Body)!["task_id"]!).Diff);
        folder.Adapters["shell"].Remove("sandbox");
        folder.Adapters["remote"] = new JsonObject { ["adapter_id"] = "remote", ["kind"] = "http", ["url"] = server.Url, ["answer"] = "patch", ["retry"] = new JsonObject { ["max_attempts"] = 1 } };
        folder.Adapters["remote"]["circuit_breaker"] = new JsonObject { ["failure_threshold"] = 1000 };
        folder.Adapters["shell"]["circuit_breaker"] = new JsonObject { ["failure_threshold"] = 1000 };
        folder.File("ok/seed.txt", "seed\n").File("outside.txt", "outside\n").Repository();
        Directory.CreateDirectory(folder.Under("elsewhere"));
        File.CreateSymbolicLink(folder.Under("tree", "exit"), folder.Under("elsewhere"));
        foreach (var (name, script, _, _) in Scripts)
        {
            var task = folder.Add(name, Filled(folder, script), "true", "ok/**");
            task["file_scope"]!["forbid"] = new JsonArray("**/*.key");
            task["budgets"] = new JsonObject { ["time_ms"] = 20_000, ["stdout_max_bytes"] = 100_000 };
        }

        foreach (var (name, _) in Diffs)
        {
            folder.Add(name, "", "true", "ok/**").Remove("command");
            folder.Routes[name] = ["remote"];
        }

        folder.Write();
        var before = Snapshot(folder.Path);
        var end = await folder.ExecuteAsync("-j", "4");
        Assert.True(end.ExitCode == 6, end.Output + end.Error);

        var results = await folder.ResultsAsync();
        foreach (var (name, _, status, reason) in Scripts)
        {
            Assert.True(status is null || (string)results[name]["status"]! == status, $"{name}: {results[name]}");
            if (reason is not null) Assert.True(((string)results[name]["reason"]!).Contains(reason, StringComparison.Ordinal), $"{name}: {results[name]["reason"]}");
        }

        Assert.All(Diffs, d => Assert.True((string)results[d.Name]["status"]! == Failed, $"{d.Name}: {results[d.Name]}"));
        var added = Snapshot(folder.Path).Except(before).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(
            ["ok/..\\..\\x x", "ok/.gitattributes * filter=evil diff=evil\n", "ok/a\nb x", "ok/now.txt now\n", "ok/shown.txt text\n", "ok/sub/file fine\n"],
            added.Where(a => a.StartsWith("tree/", StringComparison.Ordinal)).Select(a => a["tree/".Length..]).Where(a => !a.StartsWith("ok/true ", StringComparison.Ordinal)));
        Assert.Equal(0x1ED, (int)File.GetUnixFileMode(folder.Under("tree", "ok", "true")));
        Assert.Empty(before.Except(Snapshot(folder.Path)));
        Assert.False(File.Exists(folder.Under("pwned")));
        Assert.False(File.Exists("/tmp/assay-escape.txt"));
        Assert.Contains("quarantined", folder.PatchStates()["link-absolute"]);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        var shown = await folder.RunAsync("patch", "show", (string)results["attributes"]["patch_id"]!);
        Assert.Contains("+text", shown.Output, StringComparison.Ordinal);
    }

    private static string Filled(TaskFolder folder, string script) => script
        .Replace("{tree}", folder.Under("tree"), StringComparison.Ordinal).Replace("{project}", folder.Path, StringComparison.Ordinal);

    private static string Diff(string path) => $"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+evil\n";

    /// <summary>Every file of the project outside of Assay's own folders, with its content.</summary>
    private static HashSet<string> Snapshot(string project)
    {
        string[] own = [".assay/", ".state/patch_ledger.jsonl", ".state/patches/", ".state/execution_results.json", "logs/"];
        var found = Directory.EnumerateFiles(project, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Select(p => Path.GetRelativePath(project, p)).Where(p => !own.Any(o => p.StartsWith(o, StringComparison.Ordinal)));
        return [.. found.Select(p => $"{p} {File.ReadAllText(Path.Combine(project, p))}")];
    }
}
