using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Cage;

/// <summary><c>assay try</c> as README says: exit codes, output, and what it may reach, on each kind of host.</summary>
public sealed class TryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("/var/tmp");

    public static TheoryData<string> Hosts => [.. CageHosts.All];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, "true")]
    [InlineData(7, "exit 7")]
    [InlineData(124, "sleep 120", "2")]
    [InlineData(137, "head -c 300000000 /dev/zero | tail -c 300000000 | wc -c")]
    [InlineData(137, "kill -9 $$")]
    [InlineData(143, "kill -15 $$")]
    [InlineData(0, "echo one\necho two")]
    public async Task It_exits_as_the_command_does(int code, string script, string seconds = "60")
    {
        var run = await Try("--time", seconds, "--memory", "64", "--", "sh", "-c", script);
        Assert.True(run.ExitCode == code, $"{run.ExitCode}: {run.Error}");
        Assert.Single(run.Error.Split('\n'), l => l.StartsWith("assay: ", StringComparison.Ordinal));
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    [Theory]
    [InlineData(127, "--", "no-such-program-here")]
    [InlineData(127, "--", "./absent")]
    [InlineData(126, "--", "./plain")]
    [InlineData(125, "--no-such-option")]
    [InlineData(125, "--time", "0", "--", "true")]
    [InlineData(125, "--reads", "/nowhere", "--", "true")]
    [InlineData(125, "--writes", "", "--", "true")]
    [InlineData(125, "--reads", "", "--", "true")]
    [InlineData(125, "--reads", "/", "--", "true")]
    [InlineData(125, "--reads", "top", "--", "true")]
    [InlineData(125, "--sandbox", "everything", "--", "true")]
    [InlineData(125, "--workspace", "/proc/assay", "--", "true")]
    [InlineData(125, "--writes", ".assay", "--", "true")]
    public async Task What_keeps_it_from_running_has_a_code_of_its_own(int code, params string[] words)
    {
        await File.WriteAllTextAsync(_folder.Under("plain"), "x");
        Directory.CreateDirectory(_folder.Under(".assay"));
        File.CreateSymbolicLink(_folder.Under("top"), "/");
        var run = await Try(words);
        Assert.True(run.ExitCode == code, $"{run.ExitCode}: {run.Error}");
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_is_a_document_and_output_passes_through_as_it_is()
    {
        var run = await Try("--json", "--", "sh", "-c", "printf 'a\\nb'; exit 3");
        var report = JsonNode.Parse(run.Output)!;
        Assert.Empty(ContractCatalog.Validate("try_report_v1", System.Text.Json.JsonDocument.Parse(run.Output).RootElement));
        Assert.Equal((3, 3, "a\nb"), ((int)report["exit_code"]!, (int)report["command_exit_code"]!, run.Error));
        Assert.True(File.Exists(_folder.Under(".assay", (string)report["record"]!)));
        Assert.Equal("a\nb", (await Try("--", "printf", "a\\nb")).Output);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task It_sees_the_current_folder_and_changes_it_only_when_told(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        await File.WriteAllTextAsync(_folder.Under("mine"), "mine");
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwX", _folder.Path, _folder.Under("mine")], null, null, TimeSpan.FromSeconds(10));
        using var elsewhere = new TemporaryFolder("/var/tmp");
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", elsewhere.Path], null, null, TimeSpan.FromSeconds(10));
        var listed = await On(host, program, "--workspace", elsewhere.Path, "--", "sh", "-c", "ls; cat mine; touch new");
        Assert.Contains("mine", listed.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Under("new")), listed.Error);
        var written = await On(host, program, "--workspace", elsewhere.Path, "--writes", ".", "--", "touch", "new");
        Assert.True(written.ExitCode == 0 && File.Exists(_folder.Under("new")), written.Error);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task No_grant_and_no_other_name_reaches_ledger_and_keys(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        Assert.Equal(0, (await On(host, program, "--", "true")).ExitCode);
        Directory.CreateDirectory(_folder.Under(".assay", "keys"));
        await File.WriteAllTextAsync(_folder.Under(".assay", "keys", "operator.token"), "token");
        Directory.CreateDirectory(_folder.Under("inner"));
        File.CreateSymbolicLink(_folder.Under("alias"), _folder.Path);
        File.CreateSymbolicLink(_folder.Under("inner", "ledger"), _folder.Under(".assay"));
        var ledger = _folder.Under(".assay", "ledger.db");
        foreach (var granted in new[] { ".", "alias", "inner", _folder.Path })
        {
            var run = await On(
                host, program, "--reads", granted, "--", "sh", "-c",
                $"cat {ledger} alias/.assay/ledger.db inner/ledger/ledger.db {_folder.Path}/alias/.assay/keys/operator.token .assay/keys/operator.token; echo looked");
            Assert.Equal("looked\n", run.Output);
        }

        foreach (var granted in new[] { ".assay", "inner/ledger", ".assay/ledger.db", "alias/.assay/ledger.db", ".assay/keys" })
        {
            var run = await On(host, program, "--reads", granted, "--", "true");
            Assert.Equal(125, run.ExitCode);
            Assert.Contains("which is not readable: name what it needs outside of it", run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task What_is_hidden_is_hidden_under_every_name(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        Directory.CreateDirectory(_folder.Under("data", "holdout"));
        await File.WriteAllTextAsync(_folder.Under("data", "seen"), "seen\n");
        await File.WriteAllTextAsync(_folder.Under("data", "holdout", "secret"), "secret\n");
        File.CreateSymbolicLink(_folder.Under("other"), _folder.Under("data"));
        await AssayProgram.RunAsync("/bin/chmod", ["-R", "a+rwX", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        var run = await On(
            host, program, "--reads", "other", "--hides", "other/holdout", "--", "sh", "-c", "cat other/seen; cat other/holdout/secret data/holdout/secret; echo looked");
        Assert.Equal("seen\nlooked\n", run.Output);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task What_is_hidden_stands_over_what_is_granted(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        Directory.CreateDirectory(_folder.Under("h"));
        await File.WriteAllTextAsync(_folder.Under("h", "secret"), "secret\n");
        await AssayProgram.RunAsync("/bin/chmod", ["-R", "a+rwX", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        foreach (var (hidden, script) in new[] { ("h", "cat h/secret"), ("/etc/services", "cat /etc/services"), ("/usr/bin/tac", "tac --version || /bin/tac --version") })
        {
            var run = await On(host, program, "--reads", "h", "--hides", hidden, "--", "sh", "-c", script);
            Assert.True(run.Output.Length == 0, $"{hidden}: {run.Output}");
        }
    }

    [Theory]
    [InlineData(CageHosts.Root)]
    [InlineData(CageHosts.RootWithoutSysAdmin)]
    public async Task What_takes_the_place_of_a_hidden_file_is_hidden_too(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        await File.WriteAllTextAsync(_folder.Under("key"), "old\n");
        await File.WriteAllTextAsync(_folder.Under("seen"), "seen\n");
        const string wait = "echo ready > $HOME/../ready; for i in $(seq 100); do [ -s seen ] && [ \"$(cat seen)\" = go ] && break; sleep 0.05; done; cat key; echo looked";
        var run = On(host, program, "--hides", "key", "--", "sh", "-c", wait);
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!Directory.EnumerateFiles(_folder.Path, "ready", SearchOption.AllDirectories).Any() && DateTime.UtcNow < deadline) await Task.Delay(20);
        await File.WriteAllTextAsync(_folder.Under("new"), "NEW\n");
        File.Move(_folder.Under("new"), _folder.Under("key"), overwrite: true);
        await File.WriteAllTextAsync(_folder.Under("seen"), "go\n");
        Assert.Equal("looked\n", (await run).Output);
    }

    [Fact]
    public async Task A_workspace_below_the_systems_folders_works()
    {
        var folder = $"/usr/local/share/assay-test-{Guid.NewGuid():N}";
        if (Environment.UserName != "root") Assert.Skip("needs root, to write there");
        try
        {
            var run = await Try("--workspace", folder, "--", "sh", "-c", "touch $HOME/x; echo works");
            Assert.Equal("works\n", run.Output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_workspace_deep_in_what_may_be_changed_is_refused()
    {
        Directory.CreateDirectory(_folder.Under("w", "deep"));
        var run = await Try("--workspace", _folder.Under("w", "deep", ".assay"), "--writes", _folder.Under("w"), "--", "true");
        Assert.True(run.ExitCode == 125, run.Error);
        Assert.Contains("lies deep in", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_many_grants_as_a_document_may_hold_are_granted()
    {
        var words = new List<string>();
        for (var i = 0; i < 64; i++)
        {
            var folder = _folder.Under("a", $"b{i}", "c");
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "file"), "x");
            await File.WriteAllTextAsync(Path.Combine(folder, "hidden"), "x");
            words.AddRange(["--reads", Path.Combine(folder, "file"), "--hides", Path.Combine(folder, "hidden")]);
        }

        var run = await Try([.. words, "--", "sh", "-c", "cat a/*/c/file | wc -c; cat a/*/c/hidden | wc -c"]);
        Assert.True(run is { ExitCode: 0, Output: "64\n0\n" }, run.Output + run.Error);
    }

    [Fact]
    public async Task Sockets_of_the_host_in_what_is_granted_are_not_called()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_folder.Under("s")));
        socket.Listen();
        const string call = "use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un(q(s))) and print q(called)";
        foreach (var grant in new[] { "--reads", "--writes" })
        {
            var run = await Try(grant, ".", "--", "perl", "-e", call);
            Assert.True(run.Output.Length == 0, $"{grant}: {run.Output}");
        }
    }

    [Theory]
    [InlineData(CageHosts.Root)]
    [InlineData(CageHosts.User)]
    [InlineData(CageHosts.UserWithBubblewrap)]
    public async Task Sockets_of_the_host_below_the_systems_folders_are_not_called(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        var name = $"/usr/local/assay-test-{Guid.NewGuid():N}.sock";
        try
        {
            using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
            socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(name));
            socket.Listen();
            await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", name], null, null, TimeSpan.FromSeconds(10));
            var run = await On(host, program, "--", "perl", "-e", $"use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un(q({name}))) and print q(called)");
            Assert.True(run.Output.Length == 0, run.Output + run.Error);
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Another_workspace_in_what_is_granted_stays_shut(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        using var elsewhere = new TemporaryFolder("/var/tmp");
        Directory.CreateDirectory(_folder.Under("project"));
        await AssayProgram.RunAsync(_folder.Under("project"), "try", "--", "true");
        await AssayProgram.RunAsync("/bin/chmod", ["-R", "a+rwX", _folder.Path, elsewhere.Path], null, null, TimeSpan.FromSeconds(10));
        var ledger = _folder.Under("project", ".assay", "ledger.db");
        var before = await File.ReadAllBytesAsync(ledger);
        var script = $"cat project/.assay/ledger.db .assay/ledger.db {ledger}; rm -rf project/.assay/epochs .assay/epochs; echo x >> project/.assay/ledger.db; echo looked";
        string[][] grants = [["--reads", "."], ["--writes", "."], ["--reads", "project"], ["--writes", "project"], ["--reads", "project/.assay"]];
        foreach (var grant in grants)
        {
            var run = await On(host, program, ["--workspace", elsewhere.Under("w"), .. grant, "--", "sh", "-c", script]);
            Assert.True(run.Output.TrimEnd() is "looked" or "", $"{grant[0]} {grant[1]}: {run.Output.Length} {run.Error}");
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(ledger));
        Assert.True(Directory.Exists(_folder.Under("project", ".assay", "epochs", "TRY")));
    }

    [Fact]
    public async Task A_workspace_in_which_one_stands_is_not_shown()
    {
        await Try("--", "true");
        var run = await AssayProgram.RunAsync(_folder.Under(".assay"), "try", "--workspace", _folder.Under("w"), "--", "sh", "-c", $"cat ledger.db {_folder.Under(".assay", "ledger.db")}; echo looked");
        Assert.Equal("looked\n", run.Output);
        Assert.Contains("is a workspace of Assay", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_tcp_holds_on_its_own_loopback_is_its_memory()
    {
        if (!File.Exists("/sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes")) Assert.Skip("this host counts it with the rest, or cannot");
        const string hold = "use Socket; use IO::Socket::INET; my $l = IO::Socket::INET->new(Listen => 500, LocalAddr => q(127.0.0.1)) or die; my @k; my $n = 0; "
            + "for (1..150) { my $c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1), PeerPort => $l->sockport) or last; push @k, $c, scalar $l->accept; "
            + "setsockopt($c, SOL_SOCKET, SO_SNDBUF, 4000000); $c->blocking(0); while (my $w = syswrite($c, q(x) x 65536)) { $n += $w } } print int($n / 1048576)";
        var run = await Try("--memory", "64", "--", "perl", "-e", hold);
        Assert.True(run.ExitCode != 0 || int.Parse(run.Output, System.Globalization.CultureInfo.InvariantCulture) <= 80, run.Output + run.Error);
    }

    private Task<ProgramResult> Try(params string[] words) => AssayProgram.RunAsync(_folder.Path, ["try", .. words]);

    private Task<ProgramResult> On(string host, PublicProgram program, params string[] words)
    {
        IReadOnlyList<string> all = [.. CageHosts.Prefix(host), program.Path, "try", .. words];
        return AssayProgram.RunAsync(all[0], [.. all.Skip(1)], _folder.Path, null, TimeSpan.FromMinutes(1));
    }
}
