using System.Diagnostics;
using System.Text;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger.Mirror;

namespace Assay.Tests;

public sealed class FileMirrorTests : IDisposable
{
    private static readonly AppendedLine[] Lines = [Line(0, "first\n"), Line(6, "second\n"), Line(13, "third\n")];

    private readonly TemporaryFolder _folder = new();
    private readonly FileMirror _mirror;

    public FileMirrorTests() => _mirror = new FileMirror(_folder.Path);

    private string Log => _folder.Under("log.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_growing_file_gets_each_line_once_however_often_it_is_written()
    {
        foreach (var line in Lines.Concat(Lines).Append(Lines[1])) await _mirror.WriteAsync(line, NoBlob);
        Assert.Equal("first\nsecond\nthird\n", File.ReadAllText(Log));
        Assert.All(Lines, l => Assert.Null(_mirror.Check(l)));
        Assert.Null(_mirror.CheckEnd(Lines[2]));
    }

    [Theory]
    [InlineData("first\nsec")]
    [InlineData("first\nsec\0\0\0")]
    [InlineData("first\n")]
    [InlineData("")]
    public async Task A_line_that_a_crash_tore_is_written_again(string left)
    {
        File.WriteAllText(Log, left);
        foreach (var line in Lines) await _mirror.RestoreAsync(line, NoBlob);
        Assert.Equal("first\nsecond\nthird\n", File.ReadAllText(Log));
    }

    [Fact]
    public async Task A_line_whose_predecessors_are_missing_waits_for_them()
    {
        await _mirror.WriteAsync(Lines[0], NoBlob);
        await _mirror.WriteAsync(Lines[2], NoBlob);
        Assert.Equal("first\n", File.ReadAllText(Log));
        Assert.Equal(FileMirror.Missing, _mirror.Check(Lines[2]));
    }

    [Theory]
    [InlineData("mkfifo log.jsonl", "no file")]
    [InlineData("ln -s /etc/hostname log.jsonl", "link")]
    [InlineData("ln -s /dev/zero log.jsonl", "link")]
    [InlineData("mkdir log.jsonl", "no file")]
    public async Task What_lies_in_the_place_of_a_file_is_named_and_never_waited_for(string command, string problem)
    {
        using (var shell = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = _folder.Path })!) await shell.WaitForExitAsync();
        MirrorFile[] files = [Lines[0], new BlobFile(null, "log.jsonl", 0, Digest.Of("")), new DerivedFile(null, "log.jsonl", new byte[] { 1 })];
        foreach (var file in files)
        {
            var found = await Task.Run(() => _mirror.Check(file)).WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Contains(problem, found, StringComparison.Ordinal);
        }

        var writing = Task.Run(async () => await _mirror.WriteAsync(Lines[0], NoBlob));
        await Assert.ThrowsAnyAsync<IOException>(() => writing.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_changed_line_and_one_too_many_are_found()
    {
        foreach (var line in Lines) await _mirror.WriteAsync(line, NoBlob);
        File.WriteAllText(Log, "first\nSecond\nthird\nfourth\n");
        Assert.Null(_mirror.Check(Lines[0]));
        Assert.Contains("at byte 6", _mirror.Check(Lines[1]), StringComparison.Ordinal);
        Assert.NotNull(_mirror.CheckEnd(Lines[2]));
    }

    [Fact]
    public async Task A_document_is_written_from_the_ledgers_bytes_once_and_an_index_always_anew()
    {
        var bytes = "{}\n"u8.ToArray();
        var kept = new BlobFile(null, "document.json", bytes.Length, Digest.Of(bytes));
        await _mirror.WriteAsync(kept, _ => ValueTask.FromResult<byte[]?>(bytes));
        Assert.Null(_mirror.Check(kept));
        File.WriteAllText(_folder.Under("document.json"), "{}");
        await _mirror.WriteAsync(kept, _ => ValueTask.FromResult<byte[]?>(bytes));
        Assert.NotNull(_mirror.Check(kept));
        foreach (var text in new[] { "one", "two" })
        {
            await _mirror.WriteAsync(new LatestFile(null, "index.json", Encoding.UTF8.GetBytes(text)), NoBlob);
        }

        Assert.Equal("two", File.ReadAllText(_folder.Under("index.json")));
    }

    private static AppendedLine Line(long offset, string text) =>
        new(null, "log.jsonl", offset, text.Length, Digest.Of(text)) { Content = Encoding.UTF8.GetBytes(text) };

    private static ValueTask<byte[]?> NoBlob(Digest digest) => ValueTask.FromResult<byte[]?>(null);
}
