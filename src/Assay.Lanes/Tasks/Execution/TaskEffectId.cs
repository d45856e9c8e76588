namespace Assay.Lanes.Tasks;

/// <summary>
/// Names an effect of a run: its kind, what it is of (a task; for an escalation its id, for the results their number), and what else tells
/// it from others (the adapter, the test, the attempt, the step).
/// </summary>
internal readonly record struct TaskEffectId(string Kind, string Of, string? Detail = null)
{
    public const string Permit = "permit";
    public const string Copy = "copy";
    public const string Context = "context";
    public const string Act = "act";
    public const string Answer = "answer";
    public const string Capture = "capture";
    public const string Prepare = "prepare";
    public const string Place = "place";
    public const string Test = "test";
    public const string Check = "check";
    public const string Reset = "reset";
    public const string Commit = "commit";
    public const string Report = "report";
    public const string Clean = "clean";
    public const string Patch = "patch";
    public const string Publish = "publish";
    public const string Escalate = "escalate";

    /// <summary>The task that it brings on; null for what is done beside the tasks.</summary>
    public string? TaskId => Kind is Permit or Copy or Context or Act or Answer or Capture or Prepare or Place or Test or Check or Reset or Commit ? Of : null;

    public static TaskEffectId Parse(string effectId)
    {
        var parts = effectId.Split('/', 3);
        return new TaskEffectId(parts[0], parts[1], parts.Length > 2 ? parts[2] : null);
    }

    public override string ToString() => Detail is null ? $"{Kind}/{Of}" : $"{Kind}/{Of}/{Detail}";
}
