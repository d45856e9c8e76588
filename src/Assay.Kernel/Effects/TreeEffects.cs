using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Effects;

/// <summary>
/// Make two copies of a working tree: one to work in, and one that stays as it was. A git repository is cloned without hard links and
/// without hooks; links are copied as links. Copies that <see cref="ReleaseCopies"/> has kept of the same tree are brought to what it
/// is now.
/// </summary>
public sealed record CopyTree(string Id) : Effect(Id)
{
    /// <summary>Absolute path of the tree.</summary>
    public required string From { get; init; }

    /// <summary>Whether the tree is the project itself, which the person may have named through a link; no other tree may be one.</summary>
    public bool IsProject { get; init; }

    /// <summary>Folder of the workspace that receives both; when it is taken, <c>.2</c>, <c>.3</c> … is appended.</summary>
    public required string To { get; init; }

    /// <summary>Paths of the tree, relative to it, that are not copied: files of Assay's own.</summary>
    public ImmutableArray<string> Exclude { get; init; } = [];

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new CopyOutcome(To, default, 0, reason);
}

/// <summary>The copies that <see cref="CopyTree"/> made.</summary>
/// <param name="Folder">Where they are, relative to the workspace.</param>
/// <param name="TreeSha256">The identity of the tree's content: every path, kind, mode and content.</param>
/// <param name="Files">How many files.</param>
/// <param name="Problem">Why there are none; null when there are.</param>
public sealed record CopyOutcome(string Folder, Digest TreeSha256, long Files, string? Problem) : EffectOutcome
{
    /// <summary>The copy to work in.</summary>
    public string Work => $"{Folder}/{WorkName}";

    /// <summary>The copy that stays as it was, until a change is tested in it.</summary>
    public string Base => $"{Folder}/{BaseName}";

    public const string WorkName = "work";
    public const string BaseName = "base";
}

/// <summary>Compare the two copies of a tree by content.</summary>
public sealed record CaptureChanges(string Id) : Effect(Id)
{
    /// <summary>Where the copies are, relative to the workspace.</summary>
    public required string Folder { get; init; }

    /// <summary>The tree they were made of, whose own rules say what git ignores.</summary>
    public required string Origin { get; init; }

    /// <summary>The most that any change may hold.</summary>
    public const long MostBytes = 64L << 20;

    /// <summary>The most that the contents before and after may hold together.</summary>
    public long MaxBytes { get; init; } = MostBytes;

    public int MaxFiles { get; init; } = 10_000;

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new ChangesOutcome(null, null, 0, 0, 0, 0, reason);
}

/// <summary>What changed in a tree. The evidence holds the <see cref="Trees.ChangeSet"/> under <see cref="ChangesName"/>; the ledger keeps it, the diff and all contents.</summary>
/// <param name="ChangesSha256">The change set; null when nothing changed.</param>
/// <param name="DiffSha256">The unified diff.</param>
/// <param name="DiffBytes">Its size.</param>
/// <param name="Files">How many files changed.</param>
/// <param name="Added">Lines added.</param>
/// <param name="Removed">Lines removed.</param>
/// <param name="Problem">Why the change cannot be recorded; null when it was.</param>
public sealed record ChangesOutcome(Digest? ChangesSha256, Digest? DiffSha256, long DiffBytes, int Files, long Added, long Removed, string? Problem) : EffectOutcome
{
    /// <summary>The name of the change set among the evidence.</summary>
    public const string ChangesName = "changes";
}

/// <summary>
/// Bring a change set into a tree. All its files are compared first, so that nothing is touched when one of them is neither as before nor
/// as after; then each is exchanged whole. What was cut short is taken back before it is done again.
/// </summary>
public sealed record ApplyChanges(string Id) : Effect(Id)
{
    /// <summary>The tree: absolute, or relative to the workspace.</summary>
    public required string Target { get; init; }

    /// <summary>Whether the tree is the project itself, which the person may have named through a link; no other tree may be one.</summary>
    public bool IsProject { get; init; }

    public required Digest Changes { get; init; }

    /// <summary>Take the change back instead.</summary>
    public bool Reverse { get; init; }

    /// <summary>Merge a text file that has moved on with the change, where the two do not touch the same lines.</summary>
    public bool Merge { get; init; }

    /// <summary>The tree on which the change was tested: into any other it does not come. Null: it comes untested.</summary>
    public TestedTree? Tested { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new ApplyOutcome(Applied: false, reason, []);
}

/// <summary>A tree as it was when a change was tested on it.</summary>
/// <param name="Sha256">The identity of its content.</param>
/// <param name="Folder">Where the copies that were made of it are, or were, relative to the workspace.</param>
/// <param name="Exclude">Paths of the tree that were not copied.</param>
public sealed record TestedTree(Digest Sha256, string Folder, ImmutableArray<string> Exclude);

/// <summary>What came of <see cref="ApplyChanges"/>.</summary>
/// <param name="Applied">Whether all of it is there now; else nothing is.</param>
/// <param name="Problem">Why not.</param>
/// <param name="Merged">Files that had moved on and were merged.</param>
public sealed record ApplyOutcome(bool Applied, string? Problem, ImmutableArray<string> Merged) : EffectOutcome
{
    /// <summary>The change set that was made where files were merged, by which it is taken back; null: the one that was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? Changes { get; init; }

    /// <summary>Files beside those of the tree, in which what somebody wrote into them in the very last moment is kept; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<string>? Kept { get; init; }

    /// <summary>Whether the tree is another one than the one on which the change was tested.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TreeMoved { get; init; }
}

/// <summary>
/// Make the copy ready in which a change is tested. It must be as it was copied, whoever may have reached it meanwhile; then the change is
/// brought in, and it is noted how the copy lies there.
/// </summary>
public sealed record PrepareCopy(string Id) : Effect(Id)
{
    /// <summary>Where the copies are, relative to the workspace.</summary>
    public required string Folder { get; init; }

    /// <summary>The identity of what was copied; null: it is not compared.</summary>
    public Digest? Tree { get; init; }

    /// <summary>The change; null: there is none.</summary>
    public required Digest? Changes { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new ApplyOutcome(Applied: false, reason, []);
}

/// <summary>Make another copy of the one in which a change is tested, for a test that runs beside others.</summary>
public sealed record PlaceCopy(string Id) : Effect(Id)
{
    /// <summary>Where the copies are, relative to the workspace.</summary>
    public required string Folder { get; init; }

    /// <summary>The name of the new one in that folder. What stands there is from an attempt that was lost, and goes.</summary>
    public required string Name { get; init; }

    /// <summary>The tree that they were made of.</summary>
    public required string Origin { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new CopyOutcome($"{Folder}/{Name}", default, 0, reason);
}

/// <summary>See what a test has changed in the copy in which it ran, and put that back, so that the next one finds what was to be tested.</summary>
public sealed record CheckCopy(string Id) : Effect(Id)
{
    /// <summary>Where the copies are, relative to the workspace.</summary>
    public required string Folder { get; init; }

    /// <summary>Its name in that folder.</summary>
    public required string Name { get; init; }

    /// <summary>The tree that they were made of, whose own rules say what git ignores.</summary>
    public required string Origin { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new CheckOutcome([], 0, reason);
}

/// <summary>What <see cref="CheckCopy"/> found.</summary>
/// <param name="Files">Files that were made, changed or removed, the first of them, by path; not those that git ignores.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Problem">Why that cannot be told, or what was there could not be put back; null: it is as it was.</param>
public sealed record CheckOutcome(ImmutableArray<string> Files, int Count, string? Problem) : EffectOutcome;

/// <summary>Remove what an attempt has left of copies of a tree; whole ones are kept for the next attempt on the same tree.</summary>
public sealed record ReleaseCopies(string Id) : Effect(Id)
{
    /// <summary>The folder in which they are, relative to the workspace.</summary>
    public required string Folder { get; init; }

    /// <summary>Absolute path of the tree, as it was copied.</summary>
    public required string From { get; init; }

    /// <summary>Whether the tree is the project itself, which the person may have named through a link.</summary>
    public bool IsProject { get; init; }

    /// <summary>Paths of the tree that were not copied.</summary>
    public ImmutableArray<string> Exclude { get; init; } = [];

    /// <summary>
    /// Whether each test that ran in the copy in which a change is tested was followed by a <see cref="CheckCopy"/>, so that it is
    /// known how that lies there.
    /// </summary>
    public bool IsChecked { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) =>
        new FilesOutcome([new CollectedFile(Folder, 0, null, reason)], Complete: false);
}

/// <summary>
/// Write down what a copy of a tree holds for whoever works on it (contract <c>task_context_v1</c>): its files by name, and the text of
/// those
/// that patterns name. It is read in the copy that stays as it was, no link is followed, and what git ignores is left out.
/// </summary>
public sealed record GatherContext(string Id) : Effect(Id)
{
    /// <summary>The contract that the document keeps.</summary>
    public const string Version = "task_context_v1";

    /// <summary>The most files that it names.</summary>
    public const int MostFiles = 20_000;

    /// <summary>Where the copies are, relative to the workspace.</summary>
    public required string Folder { get; init; }

    /// <summary>The tree that they were made of, whose own rules say what git ignores.</summary>
    public required string Origin { get; init; }

    /// <summary>Patterns of the files whose text it holds.</summary>
    public required ImmutableArray<string> Globs { get; init; }

    /// <summary>The most bytes of these together; what finds no room is named without its text.</summary>
    public required long MaxBytes { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new ContextOutcome(null, 0, 0, 0, reason);
}

/// <summary>What <see cref="GatherContext"/> wrote down.</summary>
/// <param name="Sha256">The document, which the ledger keeps; null: there is none.</param>
/// <param name="Files">How many files the tree has.</param>
/// <param name="Contained">Of how many the text is there.</param>
/// <param name="Bytes">How many bytes that is.</param>
/// <param name="Problem">Why there is none; null when there is.</param>
public sealed record ContextOutcome(Digest? Sha256, int Files, int Contained, long Bytes, string? Problem) : EffectOutcome;

/// <summary>Remove folders of the workspace that nobody needs any more.</summary>
public sealed record RemoveFolders(string Id) : Effect(Id)
{
    public required ImmutableArray<string> Folders { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) =>
        new FilesOutcome([.. Folders.Take(1).Select(f => new CollectedFile(f, 0, null, reason))], Complete: false);
}
