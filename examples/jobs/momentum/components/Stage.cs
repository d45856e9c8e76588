using System.Text.Json;
using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>The stage that this process stands for: its documents in, its files out.</summary>
internal sealed class Stage
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string _folder;
    private readonly string _output;

    private Stage(string name, string inputPath, string output)
    {
        Name = name;
        _folder = Path.GetDirectoryName(inputPath)!;
        _output = output;
        Input = JsonNode.Parse(File.ReadAllText(inputPath))!.AsObject();
    }

    public string Name { get; }

    public JsonObject Input { get; }

    public string SnapshotId => (string)Input["snapshot_id"]!;

    public static Stage Open() => new(Variable("ASSAY_STAGE"), Variable("ASSAY_STAGE_INPUT"), Variable("ASSAY_STAGE_OUTPUT"));

    /// <summary>One of the documents that the stage was given; null when there is none of that name.</summary>
    public JsonObject? Find(string name) => Input["documents"]![name] is { } reference ? Read((string)reference["path"]!) : null;

    /// <summary>One of the documents that the stage cannot do without.</summary>
    public JsonObject Document(string name) => Find(name) ?? throw new InputException($"the stage was given no {name}");

    /// <summary>A file of the run, by its path in the dossier; null when the stage may not see it.</summary>
    public JsonObject? Dossier(string path) => Input["dossier"]!.AsArray().Any(f => (string)f!["path"]! == $"inputs/dossier/{path}") ? Read($"inputs/dossier/{path}") : null;

    /// <summary>The parameters of a policy.</summary>
    public JsonObject Policy(string id) =>
        Document("policies")["policies"]![id]?["params"]?.AsObject() ?? throw new InputException($"the policy bundle has no policy {id}");

    public void Write(string name, JsonObject document) => Write(name, document.ToJsonString(Indented) + "\n");

    public void Write(string name, string text)
    {
        var path = Path.Combine(_output, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private JsonObject Read(string path) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, path)))!.AsObject();

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InputException($"{name} is not set: this program is a component of Assay");
}

/// <summary>The input cannot be used; the message says why.</summary>
internal sealed class InputException(string message) : Exception(message);
