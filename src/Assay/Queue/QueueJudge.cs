using System.Text.Json;
using Assay.Inputs;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Lanes.Queue.Safety;

namespace Assay.Queue;

/// <summary>Says whether something might start in a queue's folder, without starting anything: <c>assay queue judge</c>.</summary>
/// <param name="root">The queue's folder.</param>
internal sealed class QueueJudge(string root)
{
    private static readonly string[] What = ["prompt", "instruction", "description", "task", "command", "shell"];

    private readonly WorkFolder _place = new(root);

    /// <summary>Judges a prompt.</summary>
    public SafetyReport Prompt(string text) => Judge(new SafetySubject(_place) { Texts = [("/prompt", text)] });

    /// <summary>Judges a command as that of a task whose <c>working_tree</c> is the folder.</summary>
    public SafetyReport Command(string text) => Judge(new SafetySubject(_place) { Command = text, HasWorkingTree = true });

    /// <summary>Judges a task as <c>queue.json</c> would hold it.</summary>
    /// <param name="file">A file with the task.</param>
    public Checked<SafetyReport> Task(string file)
    {
        var document = DocumentFile.ReadAny(file).Document;
        if (!document.IsValid) return Checked<SafetyReport>.Refused(document.Problems);
        if (Problem(document.Value) is { } problem) return problem;
        var task = document.Value.Root;
        if (!task.TryGetProperty("working_tree", out var tree)) return Judge(TaskSubject.Of(task, _place));
        var place = _place.Inside(tree.GetString()!) is { } inside ? new WorkFolder(Path.Combine(root, inside)) : _place;
        return Judge(TaskSubject.Of(task, place) with { Tree = (tree.GetString()!, _place) });
    }

    private static InputProblem? Problem(InputDocument document)
    {
        if (document.Root.ValueKind != JsonValueKind.Object) return document.Problem("", "type", "must be an object: one task");
        if (What.Count(name => document.Root.TryGetProperty(name, out _)) != 1)
        {
            return document.Problem("", "prompt_and_command", $"must have exactly one of {string.Join(", ", What)}");
        }

        foreach (var property in document.Root.EnumerateObject())
        {
            var pointer = JsonPointer.Append("", property.Name);
            switch (property.Name)
            {
                case "working_tree" when property.Value.ValueKind != JsonValueKind.String:
                    return document.Problem(pointer, "type", "must be a text: a folder");
                case "working_tree" when TextRule.Refused(property.Value.GetString()!, isFree: false) is { } refused:
                    return document.Problem(pointer, TextRule.Name, $"holds {TextRule.Describe(refused)}, which may not stand in a path");
                case "command" or "shell" when property.Value.ValueKind != JsonValueKind.String && !IsWords(property.Value):
                    return document.Problem(pointer, "type", "must be a text, or a list of words");
            }
        }

        return null;
    }

    private static bool IsWords(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(static w => w.ValueKind == JsonValueKind.String);

    private SafetyReport Judge(SafetySubject subject)
    {
        var policy = Constraints.Load(root);
        return policy.IsValid ? policy.Value.Judge(subject) : SafetyPolicy.Unavailable(policy.Problems[0].ToString());
    }
}
