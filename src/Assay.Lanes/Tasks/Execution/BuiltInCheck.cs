using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>
/// What an acceptance test without a command looks at, in the files that its task changed (lane document: Tasks, Acceptance tests).
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<CheckKind>))]
internal enum CheckKind
{
    /// <summary>Whether it is text of its language, and no conflict of a merge is left in it.</summary>
    [JsonStringEnumMemberName("lint")]
    Lint,

    /// <summary>Whether its language compiles it.</summary>
    [JsonStringEnumMemberName("import")]
    Import,

    /// <summary>Whether it keeps the schema that it names as before, which the change left alone, or that the test names for it.</summary>
    [JsonStringEnumMemberName("schema")]
    Schema,
}

/// <summary>A test that is a program of Assay's own.</summary>
/// <param name="Kind">What it looks at.</param>
/// <param name="Schema">The schema of files that patterns name; null: only what files name themselves counts.</param>
/// <param name="Files">These patterns.</param>
internal sealed record BuiltInCheck(CheckKind Kind, Digest? Schema, ImmutableArray<string> Files)
{
    /// <summary>The variable that names the file in which the check finds itself.</summary>
    public const string CheckVariable = "ASSAY_CHANGE_CHECK";

    /// <summary>The variable that names the change set; not there when nothing was changed.</summary>
    public const string ChangesVariable = "ASSAY_CHANGES";

    /// <summary>The variable that names the schema, where there is one.</summary>
    public const string SchemaVariable = "ASSAY_CHECK_SCHEMA";

    /// <summary>The variable that names the folder with what documents were before the change, by their digests.</summary>
    public const string BeforeVariable = "ASSAY_CHECK_BEFORE";

    /// <summary>Files that can name a schema.</summary>
    public static readonly ImmutableArray<string> DocumentExtensions = [".json", ".yaml", ".yml"];

    /// <summary>Why it did not pass when it found nothing to look at.</summary>
    public const string NothingKnown = "nothing that this check knows was changed";

    private const string CheckFile = "check.json";
    private const string ChangesFile = "changes.json";
    private const string SchemaFile = "schema.json";
    private const string BeforeFolder = "before";

    /// <summary>The test's process with all that the check needs.</summary>
    public RunProcess Dress(RunProcess process, TaskState task)
    {
        var check = System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(this, TaskJson.Default.BuiltInCheck));
        process = process with
        {
            Texts = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(CheckFile, check),
            Environment = process.Environment.SetItem(CheckVariable, $"{{run_root}}/{CheckFile}"),
            Readable = [.. process.Readable, .. Grants.Folder(process.Command[0])],
        };
        process = Give(Give(process, ChangesVariable, ChangesFile, task.Patch?.ChangesSha256), SchemaVariable, SchemaFile, Schema);
        if (Kind != CheckKind.Schema || task.Patch is not { } patch) return process;
        return process with
        {
            Before = new StagedBefore(BeforeFolder, patch.ChangesSha256, DocumentExtensions),
            Environment = process.Environment.SetItem(BeforeVariable, $"{{run_root}}/{BeforeFolder}"),
        };
    }

    private static RunProcess Give(RunProcess process, string variable, string name, Digest? sha256) => sha256 is not { } document
        ? process
        : process with
        {
            Documents = [.. process.Documents, new StagedBlob(name, document)],
            Environment = process.Environment.SetItem(variable, $"{{run_root}}/{name}"),
        };
}
