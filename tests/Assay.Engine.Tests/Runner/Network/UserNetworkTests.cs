using System.Collections.Immutable;
using Assay.Engine.Runner.Network;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Values;
using Assay.Native;

namespace Assay.Tests.Runner.Network;

/// <summary>Networks that a user's run gets, made by a process that shares this one's memory for a moment.</summary>
public sealed class UserNetworkTests
{
    private const int Rounds = 500;

    private static readonly ImmutableArray<AllowedHost> Hosts = [Host("api.example.com:443"), Host("localhost:8080")];

    [Fact]
    public async Task Many_are_made_while_memory_is_collected_and_nothing_stays_behind()
    {
        if (UserNetwork.Problem is { } missing) Assert.Skip(missing);
        using var over = new CancellationTokenSource();
        var collecting = Task.Run(() => Collect(over.Token), TestContext.Current.CancellationToken);
        Make();
        var before = Open();
        for (var i = 0; i < Rounds; i++) Make();
        await over.CancelAsync();
        await collecting;
        Assert.Equal(before, Open());
    }

    private static void Make()
    {
        using var gate = new NetworkGate(Hosts, null, TimeProvider.System);
        var network = UserNetwork.Make(gate, CageHost.Current.Root);
        Assert.True(network > 2);
        _ = Libc.Close(network);
    }

    private static void Collect(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            _ = new byte[100_000];
            GC.Collect(0);

            // Without a pause nobody else gets back to work between two collections.
            Thread.Sleep(1);
        }
    }

    /// <summary>Networks that are held open. Other tests may run beside this one, and open other things.</summary>
    private static int Open() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith("net:[", StringComparison.Ordinal) == true);

    private static AllowedHost Host(string line) => AllowedHost.TryParse(line, out var host, out var problem) ? host : throw new FormatException(problem);
}
