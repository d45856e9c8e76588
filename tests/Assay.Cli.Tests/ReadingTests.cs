using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>Whoever only looks takes no lock, creates nothing, and is told nothing false while work goes on.</summary>
public sealed class ReadingTests : IDisposable
{
    private static readonly string[][] Looks = [["epoch", "list"], ["epoch", "show", "EPOCH_TEST"], ["log"], ["log", "epoch/EPOCH_TEST"], ["verify"], ["job", "list"], ["patch", "list"]];

    private readonly TemporaryFolder _folder = new("/var/tmp");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nothing_is_created_or_touched()
    {
        await RunAsync(new PlanBuilder(_folder.Under("plan")).Add("ONE", "echo one"));
        var before = Listing();
        foreach (var look in Looks) Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, look)).ExitCode);
        Assert.Equal(before, Listing());
    }

    [Fact]
    public async Task Epochs_are_listed_by_the_numbers_in_their_names()
    {
        foreach (var id in (string[])["TRY_RUN10", "TRY_RUN2", "TRY"])
        {
            var plan = new PlanBuilder(_folder.Under(id)).Add("ONE", "true");
            plan.Plan["epoch_id"] = id;
            await RunAsync(plan);
        }

        var listed = JsonNode.Parse((await AssayProgram.RunAsync(_folder.Path, "epoch", "list", "--json")).Output)!["items"]!.AsArray();
        Assert.Equal(["TRY", "TRY_RUN2", "TRY_RUN10"], listed.Select(e => (string)e!["epoch_id"]!));
    }

    [Fact]
    public async Task A_lock_that_another_holds_is_in_nobodys_way()
    {
        await RunAsync(new PlanBuilder(_folder.Under("plan")).Add("ONE", "echo one"));
        using var holder = AssayProgram.Start("flock", [_folder.Under(".assay", "ledger.db.lock"), "sleep", "60"], null);
        try
        {
            await Task.Delay(300);
            var watch = Stopwatch.StartNew();
            foreach (var look in Looks) Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, look)).ExitCode);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(25));
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task What_a_crash_left_in_the_log_is_read_from_where_nothing_can_be_written()
    {
        if (Environment.UserName != "root") Assert.Skip("needs root, to mount read-only");
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "true").Add("HELD", "sleep 60").Write();
        using (var engine = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", plan], _folder.Path))
        {
            var deadline = DateTime.UtcNow.AddSeconds(30);
            while (!File.Exists(_folder.Under(".assay", "epochs", "EPOCH_TEST", "ONE", "run_record.json")) && DateTime.UtcNow < deadline) await Task.Delay(20);
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        Assert.True(new FileInfo(_folder.Under(".assay", "ledger.db-wal")).Length > 0);
        var expected = JsonNode.Parse((await AssayProgram.RunAsync(_folder.Path, "log", "--json")).Output)!.AsArray().Count;
        foreach (var without in new[] { "", "rm .assay/ledger.db-shm; " })
        {
            foreach (var look in Looks)
            {
                var script = $"{without}mount --bind . . && cd \"$PWD\" && mount -o remount,ro,bind . && ! touch .assay/x 2> /dev/null && exec \"$@\"";
                IReadOnlyList<string> words = ["-m", "--propagation", "private", "sh", "-c", script, "sh", AssayProgram.Program, .. look, "--json"];
                var seen = await AssayProgram.RunAsync("unshare", words, _folder.Path, null, TimeSpan.FromMinutes(1));
                Assert.True(seen.ExitCode == 0, $"{string.Join(' ', look)}: {seen.ExitCode} {seen.Error}{seen.Output}");
                if (look is ["log"]) Assert.Equal(expected, JsonNode.Parse(seen.Output)!.AsArray().Count);
            }
        }
    }

    [Fact]
    public async Task Verify_gives_no_alarm_while_work_goes_on()
    {
        var builder = new PlanBuilder(_folder.Under("plan"));
        for (var i = 0; i < 300; i++) builder.Add($"C{i}", "echo out; echo err >&2");
        var plan = builder.Write();
        using var engine = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", plan, "--jobs", "2"], _folder.Path);
        var reading = Task.WhenAll(engine.StandardOutput.ReadToEndAsync(), engine.StandardError.ReadToEndAsync());
        var looks = 0;
        while (!File.Exists(_folder.Under(".assay", "ledger.db"))) await Task.Delay(20);
        while (!engine.HasExited)
        {
            var seen = await AssayProgram.RunAsync(_folder.Path, "verify");
            Assert.True(seen.ExitCode == 0, seen.Output + seen.Error);
            looks++;
        }

        await reading;
        Assert.True(looks > 2);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    private async Task RunAsync(PlanBuilder builder)
    {
        var run = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", builder.Write());
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
    }

    /// <summary>Everything in the workspace with its time and size.</summary>
    private List<string> Listing() =>
    [
        .. new DirectoryInfo(_folder.Under(".assay")).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(i => $"{i.FullName} {i.LastWriteTimeUtc:O} {(i as FileInfo)?.Length}").Order(StringComparer.Ordinal),
    ];
}
