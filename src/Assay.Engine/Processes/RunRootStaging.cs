using Assay.Engine.Files;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Engine.Processes;

/// <summary>Puts into a fresh run root what its process is given, each thing checked against the digest that was agreed.</summary>
/// <param name="effect">What is to run.</param>
/// <param name="workspace">The workspace's absolute folder.</param>
/// <param name="root">The absolute folder below which its paths lie.</param>
/// <param name="folder">The absolute run root.</param>
/// <param name="blob">Reads a document of the ledger.</param>
internal sealed class RunRootStaging(RunProcess effect, string workspace, string root, string folder, Func<Digest, byte[]?> blob)
{
    private const UnixFileMode AnyWrite = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Copies and writes everything. Returns the names of what is not what was expected.</summary>
    public List<string> Stage()
    {
        foreach (var (name, text) in effect.Texts) File.WriteAllText(Path.Combine(folder, name), text);
        foreach (var name in effect.Folders) Directory.CreateDirectory(Path.Combine(folder, name));
        return
        [
            .. effect.Documents.Where(d => !Write(d)).Select(d => d.Name),
            .. effect.Inputs.Where(i => !Copy(i)).Select(i => i.Name),
            .. ChangedPins(),
        ];
    }

    /// <summary>The names of inputs and pinned files that no longer have their content after the process has ended.</summary>
    public IEnumerable<string> Changed() =>
        [.. effect.Inputs.Where(i => !HasContent(folder, InputName(i), i.Sha256)).Select(i => i.Name), .. ChangedPins()];

    private IEnumerable<string> ChangedPins() => effect.Pinned.Where(p => !IsPinned(p)).Select(p => p.Path);

    private bool IsPinned(PinnedFile file)
    {
        var path = Path.GetFullPath(Path.Combine(root, file.Path));
        try
        {
            // The path is the person's own, so links in it are followed; what counts is the content.
            using var stream = File.OpenRead(path);
            return Digest.From(System.Security.Cryptography.SHA256.HashData(stream)) == file.Sha256;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool Write(StagedBlob document)
    {
        if (blob(document.Sha256) is not { } bytes || Digest.Of(bytes) != document.Sha256) return false;
        var target = Path.Combine(folder, document.Name);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllBytes(target, bytes);
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return true;
    }

    private bool Copy(StagedFile input)
    {
        var target = Path.Combine(folder, InputName(input));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        try
        {
            File.Copy(Path.Combine(root, input.Source.Replace("{workspace}", workspace, StringComparison.Ordinal)), target);
            File.SetUnixFileMode(target, File.GetUnixFileMode(target) & ~AnyWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return HasContent(folder, InputName(input), input.Sha256);
    }

    private static bool HasContent(string folder, string name, Digest sha256) =>
        EvidenceReader.Read(folder, new CollectedName(name, long.MaxValue, Content: false)).File.Sha256 == sha256;

    private static string InputName(StagedFile input) => $"inputs/{input.Name}";
}
