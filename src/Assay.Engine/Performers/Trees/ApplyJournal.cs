using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>What was begun in a tree, so that a process that comes after one that died can take it back.</summary>
/// <param name="Tree">Absolute path of the tree.</param>
/// <param name="Files">What is exchanged in it.</param>
internal sealed record BegunChange(string Tree, ImmutableArray<FileExchange> Files)
{
    /// <summary>Whether all of it is there, so that nothing is left to do but to remove what was taken out.</summary>
    public bool IsThere { get; init; }
}

/// <summary>
/// The note of a change that is being brought into a tree: it is there from before the first file is touched until nothing more is to be
/// done. Whoever has it open is the only one, of all processes that use the workspace.
/// </summary>
internal sealed class ApplyJournal : IDisposable
{
    private const long MaxBytes = 64L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly FolderHandle _folder;
    private readonly FileStream _lock;
    private readonly string _name;

    private ApplyJournal(FolderHandle folder, FileStream held, string name) => (_folder, _lock, _name) = (folder, held, name);

    /// <summary>Opens the note for a tree, once nobody else brings anything into it.</summary>
    /// <param name="path">The folder of all notes; made when it is not there.</param>
    /// <param name="name">The note's name.</param>
    /// <exception cref="IOException">Somebody else is at it for too long.</exception>
    public static async Task<ApplyJournal> OpenAsync(string path, string name)
    {
        var folder = FolderHandle.MakeNamed(path);
        var held = Path.Combine(path, $"{name}.lock");
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                return new ApplyJournal(folder, new FileStream(held, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None), name);
            }
            catch (IOException) when (watch.Elapsed < Patience)
            {
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        }
    }

    /// <summary>What was begun and not ended; null: nothing.</summary>
    /// <exception cref="IOException">There is a note that cannot be read.</exception>
    public BegunChange? Unfinished()
    {
        using var file = _folder.OpenFile(File);
        if (file.IsMissing) return null;
        if (file.Problem is { } problem) throw new IOException($"{_folder.Name}/{File} {problem}");
        try
        {
            return JsonSerializer.Deserialize(file.ReadAll(MaxBytes), ApplyJournalJson.Default.BegunChange);
        }
        catch (JsonException e)
        {
            throw new IOException($"{_folder.Name}/{File} is not what was written there: {e.Message}", e);
        }
    }

    /// <summary>Notes what is to be done, or that it is done.</summary>
    /// <param name="change">What.</param>
    /// <param name="isSynced">Whether the note survives a loss of power from now on.</param>
    public void Note(BegunChange change, bool isSynced)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(change, ApplyJournalJson.Default.BegunChange);
        _folder.Write(File, content, replaces: true, isSynced: isSynced);
        if (isSynced) _folder.Sync();
    }

    /// <summary>Nothing of it is left, or all of it is there and nothing more to do.</summary>
    public void End() => _folder.Unlink(File);

    public void Dispose()
    {
        _lock.Dispose();
        _folder.Dispose();
    }

    private string File => $"{_name}.json";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BegunChange))]
internal sealed partial class ApplyJournalJson : JsonSerializerContext;
