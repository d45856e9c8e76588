using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Tests.Cage;

/// <summary>
/// <c>assay try</c> where a person stands and reads: which folder is meant, readers that leave or wait, and what an interrupted one says.
/// </summary>
public sealed class TryConsoleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("/var/tmp");

    public static TheoryData<string> Users => [CageHosts.User, CageHosts.UserWithBubblewrap];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/", "ls -d /work/* /home/* /root/.[a-z]*")]
    [InlineData("/etc", "cat shadow /etc/shadow")]
    [InlineData("/var", "ls tmp /var/tmp")]
    [InlineData("/etc/ssl", "cat /etc/ssl/private/*")]
    public async Task A_folder_of_the_system_is_not_meant_by_standing_in_it(string folder, string script)
    {
        if (!Directory.Exists(folder)) Assert.Skip($"there is no {folder}");
        var run = await In(folder, "--", "sh", "-c", $"{script}; pwd");
        Assert.True(run.Output.EndsWith("/c019_runs/TRY/" + run.Output.TrimEnd().Split('/')[^1] + "\n", StringComparison.Ordinal), run.Output);
        Assert.DoesNotContain("root:", run.Output, StringComparison.Ordinal);
        Assert.Contains("is a folder of the system and not shown", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_home_is_shown_only_when_it_is_named()
    {
        var home = _folder.Under("home");
        Directory.CreateDirectory(Path.Combine(home, "project"));
        await File.WriteAllTextAsync(Path.Combine(home, "key"), "secret\n");
        await File.WriteAllTextAsync(Path.Combine(home, "project", "file"), "mine\n");
        Assert.Equal("looked\n", (await AtHome(home, "--", "sh", "-c", $"cat key {home}/key; echo looked")).Output);
        Assert.Equal("secret\n", (await AtHome(home, "--reads", ".", "--", "cat", "key")).Output);
        Directory.CreateDirectory(Path.Combine(home, ".ssh"));
        await File.WriteAllTextAsync(Path.Combine(home, ".ssh", "id"), "secret\n");
        Assert.Equal("looked\n", (await AtHome(Path.Combine(home, ".ssh"), "--", "sh", "-c", "cat id; echo looked")).Output);
        File.CreateSymbolicLink(_folder.Under("two"), _folder.Path);
        File.CreateSymbolicLink(_folder.Under("one"), "two/home");
        Assert.Equal("looked\n", (await AtHome(home, _folder.Under("one"), ["--", "sh", "-c", "cat key; echo looked"])).Output);
        Assert.Equal("mine\nlooked\n", (await AtHome(Path.Combine(home, "project"), "--", "sh", "-c", "cat file; cat ../key; echo looked")).Output);
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_run()
    {
        var watch = Stopwatch.StartNew();
        var run = await Shell("{ $ASSAY try --time 60 -- sh -c 'while echo line; do sleep 0.01; done'; echo $? >&2; } | head -n 1");
        Assert.Equal("line\n", run.Output);
        Assert.EndsWith("141\n", run.Error, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), run.Error);
    }

    [Fact]
    public async Task A_reader_that_waits_does_not_hold_up_the_caps()
    {
        var run = await Shell("$ASSAY try --json --time 1 -- sh -c 'head -c 300000 /dev/zero >&2; exec sleep 30' 2>&1 > report | { sleep 10; wc -c; }");
        Assert.Equal("300000", run.Output.Trim());
        var report = JsonNode.Parse(await File.ReadAllTextAsync(_folder.Under("report")))!;
        Assert.Equal("TIMEOUT", (string)report["kill_reason"]!);
        Assert.InRange((int)report["duration_ms"]!, 1000, 8000);
    }

    [Fact]
    public async Task What_cannot_be_passed_on_is_said()
    {
        var run = await Shell("$ASSAY try -- echo lost > /dev/full; echo $?");
        Assert.Equal("125\n", run.Output);
        Assert.Contains("could not be passed on", run.Error, StringComparison.Ordinal);
        Assert.Equal("0\n", (await Shell("$CLONE/assay try -- sh -c 'echo x >&2' >&- 2>&- <&-; echo $?")).Output);
    }

    [Fact]
    public async Task A_reader_that_is_stopped_does_not_keep_it_from_ending_when_asked()
    {
        const string patient = "for i in $(seq 200); do [ -s code ] && break; sleep 0.1; done; cat code >&2";
        var run = await Shell(
            "{ $ASSAY try -- head -c 3000000 /dev/zero & echo $! > pid; wait $!; echo $? > code; } | { sleep 3; kill -TERM $(cat pid); " + patient + "; }");
        Assert.True(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].All(char.IsAsciiDigit), run.Error);
    }

    [Fact]
    public async Task An_interrupted_one_offers_no_way_that_does_not_exist()
    {
        using (var engine = AssayProgram.Start(AssayProgram.Program, ["try", "--writes", ".", "--workspace", _folder.Under("w"), "--", "sh", "-c", "touch began; sleep 60"], _folder.Path))
        {
            var deadline = DateTime.UtcNow.AddSeconds(30);
            while (!File.Exists(_folder.Under("began")) && DateTime.UtcNow < deadline) await Task.Delay(20);
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        var shown = await AssayProgram.RunAsync(_folder.Path, "epoch", "show", "TRY", "--workspace", _folder.Under("w"));
        Assert.Contains("TRY: INTERRUPTED", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("PLAN", shown.Output, StringComparison.Ordinal);
        Assert.Contains("try it again", shown.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Users))]
    public async Task Uncaged_work_of_a_user_reads_nothing_of_the_engine(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        const string script = "tr '\\0' '\\n' < /proc/$PPID/environ | grep ASSAY_TEST_SECRET; ls /proc/$PPID/fd; echo looked";
        IReadOnlyList<string> all = [.. CageHosts.Prefix(host), program.Path, "try", "--sandbox", "none", "--", "sh", "-c", script];
        var run = await AssayProgram.RunAsync(
            all[0], [.. all.Skip(1)], _folder.Path, new Dictionary<string, string>(StringComparer.Ordinal) { ["ASSAY_TEST_SECRET"] = "secret" }, TimeSpan.FromMinutes(1));
        Assert.True(run.Output == "looked\n", run.Output + run.Error);
    }

    [Fact]
    public async Task A_new_workspace_is_passed_over_by_git()
    {
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "try", "--", "true")).ExitCode);
        var status = await Shell("git init -q . && git status --short");
        Assert.Equal("", status.Output);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    [Fact]
    public async Task Help_is_a_word_too() =>
        Assert.Equal((await AssayProgram.RunAsync(_folder.Path, "try", "--help")).Output, (await AssayProgram.RunAsync(_folder.Path, "help", "try")).Output);

    private Task<ProgramResult> In(string folder, params string[] words) => AssayProgram.RunAsync(folder, ["try", "--workspace", _folder.Under("w"), .. words]);

    private Task<ProgramResult> AtHome(string folder, params string[] words) => AtHome(folder, _folder.Under("home"), words);

    private Task<ProgramResult> AtHome(string folder, string home, string[] words) => AssayProgram.RunAsync(
        AssayProgram.Program, ["try", "--workspace", _folder.Under("w"), .. words], folder,
        new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = home }, TimeSpan.FromMinutes(1));

    private Task<ProgramResult> Shell(string script) => AssayProgram.RunAsync(
        "bash", ["-c", script], _folder.Path, new Dictionary<string, string>(StringComparer.Ordinal) { ["ASSAY"] = AssayProgram.Program, ["CLONE"] = SharedData.RepositoryRoot }, TimeSpan.FromMinutes(1));
}
