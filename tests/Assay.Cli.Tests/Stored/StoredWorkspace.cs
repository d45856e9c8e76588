using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Tests.Stored;

/// <summary>
/// A workspace as a release wrote it, unpacked where it was made: events name the absolute paths of plans, programs and projects. One at a
/// time over all processes of the machine.
/// </summary>
internal sealed class StoredWorkspace : IDisposable
{
    private const string Root = "/var/tmp/assay-stored";

    private static readonly string Archives = Path.Combine(SharedData.RepositoryRoot, "tests", "Workspaces");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly FileStream _lock;

    private StoredWorkspace(string name, FileStream held) => (Folder, _lock) = (Path.Combine(Root, name), held);

    /// <summary>The releases of which workspaces are kept.</summary>
    public static IEnumerable<string> Releases =>
        Directory.EnumerateDirectories(Archives).Select(p => Path.GetFileName(p)).Where(n => n != "source").Order(StringComparer.Ordinal);

    /// <summary>The folder with the documents and the workspace that they left.</summary>
    public string Folder { get; }

    public static async Task<StoredWorkspace> OpenAsync(string release, string name)
    {
        var held = await LockAsync();
        var workspace = new StoredWorkspace(name, held);
        Clear();
        Directory.CreateDirectory(Root);
        string[] unpack = ["-xzf", Path.Combine(Archives, release, $"{name}.tar.gz"), "-C", Root, "--no-same-owner"];
        var unpacked = await AssayProgram.RunAsync("tar", unpack, null, null, Patience);
        if (unpacked.ExitCode == 0) return workspace;
        workspace.Dispose();
        throw new InvalidOperationException(unpacked.Error);
    }

    public string Under(params string[] names) => Path.Combine([Folder, .. names]);

    /// <summary>Runs the command line in the folder.</summary>
    public Task<ProgramResult> RunAsync(params string[] arguments) => AssayProgram.RunAsync(Folder, arguments);

    /// <summary>Runs the command line and reads what it prints. Null: the exit code only tells how something stands.</summary>
    public async Task<JsonNode> ReadAsync(int? exitCode, params string[] arguments)
    {
        var result = await RunAsync([.. arguments, "--json"]);
        var isExpected = exitCode is null || result.ExitCode == exitCode;
        Assert.True(isExpected, $"{string.Join(' ', arguments)}: {result.ExitCode} {result.Error}{result.Output}");
        return JsonNode.Parse(result.Output)!;
    }

    /// <summary>The events as they are stored.</summary>
    public async Task<string[]> EventsAsync() => [.. (await ReadAsync(0, "log")).AsArray().Select(e => e!.ToJsonString())];

    /// <summary>Everything that was there is there, ledger and files agree, and no attempt is open.</summary>
    public async Task AssertContinuesAsync(IReadOnlyList<string> events)
    {
        Assert.Equal(events, (await EventsAsync()).Take(events.Count));
        await AssertVerifiesAsync();
        Assert.Empty(Directory.EnumerateFiles(Under(".assay", "attempts")));
    }

    public async Task AssertVerifiesAsync()
    {
        var report = await ReadAsync(0, "verify");
        Assert.Equal(0, (int)report["behind"]!);
    }

    public void Dispose()
    {
        Clear();
        _lock.Dispose();
    }

    private static void Clear()
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
    }

    /// <summary>The lock that <c>eng/store-workspace</c> takes as well.</summary>
    private static async Task<FileStream> LockAsync()
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            try
            {
                return File.Open($"{Root}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waited.Elapsed < Patience)
            {
                await Task.Delay(50);
            }
        }
    }
}
