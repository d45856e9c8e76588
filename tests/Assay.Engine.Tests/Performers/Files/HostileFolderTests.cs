using System.Collections.Immutable;
using System.Text;
using Assay.Engine.Performers;
using Assay.Engine.Performers.Files;
using Assay.Engine.Performers.Trees;
using Assay.Engine.Runner;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Ledger.Mirror;
using Assay.Native;

namespace Assay.Tests.Performers.Files;

/// <summary>
/// Two hundred folders as hostile work may leave them, offered to every place where the engine walks, reads, writes or removes beside such
/// work: none hangs, none reads or writes a byte outside, and each ends with an outcome.
/// </summary>
public sealed class HostileFolderTests : IDisposable
{
    private const int Shapes = 200;

    /// <summary>Far above what any of it takes, and below what a hang would.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly StreamName Stream = StreamName.Of("test", "hostile");

    private readonly TemporaryFolder _folder = new("/dev/shm");
    private readonly string _outside;

    public HostileFolderTests()
    {
        _outside = Directory.CreateDirectory(_folder.Under("outside")).FullName;
        File.WriteAllText(Path.Combine(_outside, "secret"), "the secret");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Each place with what it is offered to; what it throws must be an I/O error with a message.</summary>
    public static TheoryData<string> Places => [.. Acts.Keys];

    private static Dictionary<string, Func<HostileFolderTests, Workspace, string, Task<string?>>> Acts { get; } = new(StringComparer.Ordinal)
    {
        ["read"] = (_, workspace, folder) => Task.FromResult<string?>(string.Join('|', HostileShape.Expected
            .Select(n => EvidenceReader.Read(Path.Combine(workspace.Root, folder), new CollectedName(n, 1 << 20, Content: true), Cancel))
            .Select(r => r.Content is null ? r.File.Problem : Encoding.UTF8.GetString(r.Content)))),
        ["list"] = (_, workspace, folder) =>
        {
            var (files, problem) = FolderLister.List(Path.Combine(workspace.Root, folder), new FolderListing("", MaxBytes: 1 << 20), Cancel);
            return Task.FromResult<string?>(string.Join('|', files.Select(f => f.Sha256?.ToString())) + problem);
        },
        ["salvage"] = async (_, workspace, folder) =>
        {
            var effect = new CollectFiles("salvage") { From = [folder, $"{folder}/out"], To = "salvage", MaxFileBytes = 1 << 20 };
            var result = await new CollectPerformer(workspace).PerformAsync(Of(effect), Cancel);
            return string.Join('|', ((FilesOutcome)result.Outcome).Files.Select(f => f.Sha256?.ToString()));
        },
        ["meter"] = (_, workspace, folder) =>
        {
            using var meter = new MeterReader(FolderHandle.OpenNamed(Path.Combine(workspace.Root, folder)), "meter.jsonl", null);
            meter.Read(atEnd: false);
            meter.Read(atEnd: true);
            return Task.FromResult(meter.Problem);
        },
        ["disk"] = (_, workspace, folder) =>
        {
            var meter = new DiskMeter([Path.Combine(workspace.Root, folder)]);
            var bytes = meter.Measure(long.MaxValue, [], Cancel);
            Assert.InRange(bytes, 0, 1L << 30);
            return Task.FromResult(meter.Problem);
        },
        ["mirror"] = (_, workspace, folder) => MirrorAsync(workspace, folder),
        ["copy and capture"] = async (test, workspace, folder) =>
        {
            await test.CopyAsync(workspace, Path.Combine(workspace.Root, folder), "copied");
            return null;
        },
        ["capture"] = async (test, workspace, folder) =>
        {
            var origin = Directory.CreateDirectory(Path.Combine(workspace.Root, "empty")).FullName;
            var copied = await test.CopyAsync(workspace, origin, "copies");
            if (copied.Problem is not null) return copied.Problem;
            var work = Path.Combine(workspace.Root, copied.Work);
            Directory.Delete(work);
            Directory.Move(Path.Combine(workspace.Root, folder), work);
            var captured = await new CapturePerformer(workspace).PerformAsync(Of(new CaptureChanges("capture") { Folder = copied.Folder, Origin = origin, MaxBytes = 1 << 20 }), Cancel);
            return string.Join('|', captured.Blobs.Select(b => Encoding.UTF8.GetString(b.Bytes.Span))) + ((ChangesOutcome)captured.Outcome).Problem;
        },
        ["apply"] = async (_, workspace, folder) =>
        {
            var bytes = "applied"u8.ToArray();
            var version = new FileVersion(EntryKind.File, 0x1A4, bytes.Length, Digest.Of(bytes));
            var files = HostileShape.Expected.Select(n => new FileChange(n, ChangeKind.Created, null, null, version)).ToImmutableArray();
            var outcome = await new TreePatch(Path.Combine(workspace.Root, folder), new ChangeSet(default, default, files, 1, 0), reverse: false, merge: false, _ => ValueTask.FromResult<byte[]?>(bytes), Path.Combine(workspace.Root, "applying")).ApplyAsync();
            return outcome.Outcome.Problem;
        },
        ["remove"] = async (_, workspace, folder) =>
        {
            var result = await new RemovePerformer(workspace).PerformAsync(Of(new RemoveFolders("remove") { Folders = [folder] }), Cancel);
            Assert.False(Path.Exists(Path.Combine(workspace.Root, folder)), ((FilesOutcome)result.Outcome).Files.FirstOrDefault()?.Problem);
            return null;
        },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Places))]
    public async Task No_shape_hangs_a_place_or_leads_it_out(string place)
    {
        await using var workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());
        var shape = new HostileShape(_outside);
        for (var seed = 0; seed < Shapes; seed++)
        {
            var folder = $"shape-{seed}";
            shape.Make(Path.Combine(workspace.Root, folder), seed);
            var (before, isOutside) = (Outside(), SharesOutside(Path.Combine(workspace.Root, folder)));
            var (act, at) = (Acts[place], workspace);
            string? said;
            try
            {
                said = await Task.Run(() => act(this, at, folder), Cancel).WaitAsync(Patience, Cancel);
            }
            catch (IOException e)
            {
                said = e.Message;
            }

            Assert.True(before == Outside(), $"shape {seed} changed what lies outside");
            Assert.True(isOutside || said?.Contains("the secret", StringComparison.Ordinal) != true, $"shape {seed} read outside");
            using var top = FolderHandle.Open(workspace.Root);
            foreach (var left in new[] { folder, "salvage", "copied", "copies", "empty" }) FolderRemoval.Remove(top, left, WalkBounds.OfTree, Cancel);
        }
    }

    /// <summary>A file that the record names twice is written and checked; what stands in its place is not believed.</summary>
    private static async Task<string?> MirrorAsync(Workspace workspace, string folder)
    {
        var mirror = new FileMirror(workspace.Root);
        var bytes = "mirrored\n"u8.ToArray();
        MirrorFile[] files =
        [
            new DerivedFile(null, $"{folder}/record.json", bytes),
            new AppendedLine(null, $"{folder}/log.jsonl", 0, bytes.Length, Digest.Of(bytes)) { Content = bytes },
            new LatestFile(null, $"{folder}/out/report.json", bytes),
            new CapturedFile(null, $"{folder}/meter.jsonl", bytes.Length, Digest.Of(bytes)),
        ];
        var said = new StringBuilder();
        foreach (var file in files)
        {
            try
            {
                await mirror.WriteAsync(file, _ => ValueTask.FromResult<byte[]?>(bytes));
                await mirror.RestoreAsync(file, _ => ValueTask.FromResult<byte[]?>(bytes));
                if (file is LatestFile) Assert.Null(mirror.Check(file));
            }
            catch (IOException e)
            {
                said.Append(e.Message);
                Assert.NotNull(mirror.Check(file));
            }

            said.Append(mirror.Check(file));
            if (file is AppendedLine line) said.Append(mirror.CheckEnd(line));
        }

        return said.ToString();
    }

    private async Task<CopyOutcome> CopyAsync(Workspace workspace, string from, string to) =>
        (CopyOutcome)(await new CopyPerformer(workspace).PerformAsync(Of(new CopyTree("copy") { From = from, To = to }), Cancel)).Outcome;

    private static Attempt Of(Effect effect) => new(Stream, effect, 1, static _ => { });

    /// <summary>Whether a file outside has a name in a folder, where it may be read and not be written.</summary>
    private static bool SharesOutside(string folder)
    {
        using var top = FolderHandle.Open(folder);
        using var walk = new FolderWalk(top, WalkBounds.OfTree with { Depth = 2000 });
        var shares = false;
        while (walk.Next()) shares |= walk.Found is { Kind: FileKind.File, Links: > 1 };
        return shares;
    }

    /// <summary>Names, contents and times of what lies outside.</summary>
    private string Outside() => string.Join('\n', new DirectoryInfo(_outside).EnumerateFileSystemInfos()
        .Select(f => $"{f.Name} {f.UnixFileMode} {f.LastWriteTimeUtc.Ticks} {File.ReadAllText(f.FullName)}").Order(StringComparer.Ordinal));
}
