namespace Assay.Tests.Cage;

/// <summary>Programs that people give to such work, each doing something that it is used for: the table of docs/cage.md.</summary>
public sealed class ProgramsInTheCageTests
{
    private const string Table = "| program | strict with a view | strict without |";

    /// <summary>The program, the file by which it is known to be there, and what it does. It prints <c>works</c>.</summary>
    private static readonly (string Name, string File, string Script)[] Rows =
    [
        ("bash, coreutils, tar, gzip", "/bin/bash", "mkdir a && echo x > a/f && tar czf a.tgz a && rm -r a && tar xzf a.tgz && sort a/f | grep -q x"),
        ("perl", "/usr/bin/perl", "perl -e 'open my $f, q(>), q(o); print $f 1; close $f; die unless -s q(o); die if system(q(true))'"),
        ("git", "/usr/bin/git", "git init -q r && cd r && git config user.email a@b && git config user.name a && echo x > f && git add f && git commit -qm x && git log | grep -q x && git clone -q . ../c"),
        ("gcc, make -j", "/usr/bin/gcc", "printf 'int main(){return 0;}' > m.c; printf 'all: a b\\na: m.c\\n\\tgcc -o a m.c\\nb: m.c\\n\\tgcc -o b m.c\\n' > Makefile; make -s -j2 && ./a && ./b"),
        ("python3", "/usr/bin/python3", "/usr/bin/python3 -c 'import json, subprocess, tempfile, threading; subprocess.check_call([\"true\"]); open(tempfile.mktemp(), \"w\").write(\"x\")'"),
        ("sqlite3", "/usr/bin/sqlite3", "sqlite3 t.db 'pragma journal_mode=wal; create table t(a); insert into t values(1); select a from t' | grep -q 1"),
        ("node", "/usr/bin/node", "node -e 'const fs = require(\"fs\"); fs.writeFileSync(\"o\", \"1\"); require(\"child_process\").execFileSync(\"true\"); new (require(\"worker_threads\").Worker)(\"0\", {eval: true})'"),
        ("java", "/usr/bin/java", "echo 'public class M { public static void main(String[] a) throws Exception { new Thread(() -> {}).start(); java.nio.file.Files.writeString(java.nio.file.Path.of(\"o\"), \"1\"); } }' > M.java && java M.java"),
        ("dotnet build", "/usr/share/dotnet/dotnet", "export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1; mkdir p && cd p && printf '<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup></Project>' > p.csproj && echo 'System.Console.WriteLine(1);' > p.cs && dotnet build -nologo -v quiet --disable-build-servers --source /usr/share/dotnet/library-packs && dotnet bin/Debug/net10.0/p.dll | grep -q 1"),
        ("a server on loopback", "/usr/bin/perl", "perl -MSocket -e 'socket my $s, PF_INET, SOCK_STREAM, 0 or die; bind $s, sockaddr_in(0, INADDR_LOOPBACK) or die; listen $s, 1; my ($p) = sockaddr_in getsockname $s; if (!fork) { socket my $c, PF_INET, SOCK_STREAM, 0; connect $c, sockaddr_in($p, INADDR_LOOPBACK) or exit 1; exit 0 } accept my $a, $s; wait; exit $? >> 8'"),
        ("python multiprocessing", "/usr/bin/python3", "/usr/bin/python3 -c 'import multiprocessing as m; p = m.Pool(2); assert p.map(abs, [-1]) == [1]'"),
        ("sockets with a path", "/usr/bin/perl", "perl -MSocket -e 'socket my $s, PF_UNIX, SOCK_STREAM, 0 or die; bind $s, sockaddr_un(q(sock)) or die; listen $s, 1; socket my $c, PF_UNIX, SOCK_STREAM, 0; connect $c, sockaddr_un(q(sock)) or die'"),
    ];

    public static TheoryData<string, string> Tries
    {
        get
        {
            var tries = new TheoryData<string, string>();
            foreach (var (name, _, _) in Rows)
            {
                tries.Add(name, CageHosts.Root);
                tries.Add(name, CageHosts.RootWithoutSysAdmin);
            }

            return tries;
        }
    }

    [Theory]
    [MemberData(nameof(Tries))]
    public async Task Each_does_as_the_table_says(string name, string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        var (_, file, script) = Rows.Single(r => r.Name == name);
        if (!File.Exists(file)) Assert.Skip($"{file} is not installed");
        using var program = new PublicProgram();
        using var folder = new TemporaryFolder("/var/tmp");
        IReadOnlyList<string> words =
            [.. CageHosts.Prefix(host), program.Path, "try", "--memory", "4096", "--time", "120", "--", "/bin/bash", "-c", $"cd \"$HOME\" && {{ {script}; }} && echo works"];
        var run = await AssayProgram.RunAsync(words[0], [.. words.Skip(1)], folder.Path, null, TimeSpan.FromMinutes(3));
        var works = run.ExitCode == 0 && run.Output.Contains("works", StringComparison.Ordinal);
        Assert.True(works == Promised(name, host), $"{name} on {host}: {run.Output} {run.Error}");
    }

    private static bool Promised(string name, string host)
    {
        var lines = File.ReadAllLines(Path.Combine(SharedData.RepositoryRoot, "docs", "cage.md"));
        var row = lines.SkipWhile(l => l != Table).First(l => l.StartsWith($"| {name} |", StringComparison.Ordinal)).Split('|');
        return row[host == CageHosts.Root ? 2 : 3].Trim() == "works";
    }
}
