using System.Text;
using Assay.Engine.Performers.Files;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Process;

/// <summary>Puts into a fresh run root what its process is given, each thing checked against the digest that was agreed.</summary>
internal sealed class RunRootStaging : IDisposable
{
    private const uint AllMayRead = 0x124;
    private const uint AnyMayWrite = 0x92;

    private readonly RunProcess _effect;
    private readonly string _workspace;
    private readonly string _root;
    private readonly IReadOnlyDictionary<Digest, byte[]> _documents;
    private readonly FolderHandle _folder;

    /// <param name="effect">What is to run.</param>
    /// <param name="workspace">The workspace's absolute folder.</param>
    /// <param name="root">The absolute folder below which its paths lie.</param>
    /// <param name="folder">The absolute run root, which nobody else has used.</param>
    /// <param name="documents">The documents of the ledger that it names, by their digests.</param>
    /// <exception cref="IOException">The run root cannot be opened.</exception>
    public RunRootStaging(RunProcess effect, string workspace, string root, string folder, IReadOnlyDictionary<Digest, byte[]> documents)
    {
        (_effect, _workspace, _root, _documents) = (effect, workspace, root, documents);
        _folder = FolderHandle.Open(folder);
    }

    /// <summary>Copies and writes everything. Returns the names of what is not what was expected.</summary>
    /// <param name="cancel">Ends it between two pieces; what was not compared is not what was expected.</param>
    /// <exception cref="IOException">Something cannot be written.</exception>
    public List<string> Stage(CancellationToken cancel)
    {
        foreach (var (name, text) in _effect.Texts) _folder.Write(name, Encoding.UTF8.GetBytes(text), replaces: false);
        foreach (var name in _effect.Folders) _folder.MakeFolder(name).Dispose();
        return
        [
            .. _effect.Documents.Where(d => !Write(d)).Select(d => d.Name),
            .. _effect.Joined.Where(d => !Write(d)).Select(d => d.Name),
            .. Before().Where(d => !Write(d)).Select(d => d.Name),
            .. _effect.Inputs.Where(i => !Copy(i, cancel)).Select(i => i.Name),
            .. ChangedPins(cancel),
        ];
    }

    /// <summary>The names of inputs and pinned files that no longer have their content after the process has ended.</summary>
    public IEnumerable<string> Changed(CancellationToken cancel) =>
        [.. _effect.Inputs.Where(i => !IsThere(i, cancel)).Select(i => i.Name), .. ChangedPins(cancel)];

    public void Dispose() => _folder.Dispose();

    private IEnumerable<string> ChangedPins(CancellationToken cancel) =>
        _effect.Pinned.Where(p => !IsPinned(p, cancel)).Select(p => p.Path);

    /// <summary>The path is the person's own, so links in it are followed; what counts is the content.</summary>
    private bool IsPinned(PinnedFile pinned, CancellationToken cancel)
    {
        using var file = OpenedFile.ToRead(Path.GetFullPath(Path.Combine(_root, pinned.Path)));
        return Sha256(file, pinned.SizeBytes, null, cancel) == pinned.Sha256;
    }

    private bool Write(StagedBlob document)
    {
        if (!_documents.TryGetValue(document.Sha256, out var bytes) || Digest.Of(bytes) != document.Sha256) return false;
        return _folder.Write(document.Name, bytes, replaces: false, AllMayRead);
    }

    private bool Write(JoinedDocument document) =>
        document.Bytes(sha256 => _documents.TryGetValue(sha256, out var part) && Digest.Of(part) == sha256 ? part : null) is { } bytes
        && _folder.Write(document.Name, bytes, replaces: false, AllMayRead);

    /// <summary>Where the change set itself is not there, it is what cannot be written, and is told like any other.</summary>
    private IEnumerable<StagedBlob> Before() => _effect.Before is not { } before ? []
        : _documents.TryGetValue(before.Changes, out var changes) ? before.Of(changes).Select(d => new StagedBlob(before.NameOf(d), d))
        : [new StagedBlob(before.Folder, before.Changes)];

    /// <summary>What is copied is what is hashed, so that nobody can exchange it in between.</summary>
    private bool Copy(StagedFile input, CancellationToken cancel)
    {
        using var source = OpenedFile.ToRead(Path.Combine(_root, input.Source.Replace("{workspace}", _workspace, StringComparison.Ordinal)));
        if (source.Handle is null) return false;
        using var target = new FileStream(_folder.Create(InputName(input)), FileAccess.Write, bufferSize: 0);
        if (Sha256(source, input.SizeBytes, target, cancel) != input.Sha256) return false;
        var mode = (uint)File.GetUnixFileMode(source.Handle) & ~AnyMayWrite;
        return Libc.FChMod((int)target.SafeFileHandle.DangerousGetHandle(), mode) == 0;
    }

    private bool IsThere(StagedFile input, CancellationToken cancel)
    {
        var wanted = new CollectedName(InputName(input), input.SizeBytes ?? CollectedName.MostBytes, Content: false);
        return EvidenceReader.Read(_folder, wanted, cancel).File.Sha256 == input.Sha256;
    }

    /// <summary>The digest of a file; null when it cannot be read, or is larger than it was.</summary>
    private static Digest? Sha256(OpenedFile file, long? size, Stream? take, CancellationToken cancel)
    {
        try
        {
            var most = size ?? CollectedName.MostBytes;
            if (file.Handle is not { } handle || file.SizeBytes > most) return null;
            return FileHash.Of(handle, most, take, cancel) is { } read ? Digest.From(read.Sha256) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            return null;
        }
    }

    private static string InputName(StagedFile input) => $"inputs/{input.Name}";
}
