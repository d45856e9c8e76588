using System.Text.Json.Serialization;

namespace Assay.Lanes.Tasks;

/// <summary>What a task failed at (lane document: Tasks, Task states).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskFailure>))]
internal enum TaskFailure
{
    /// <summary>Its adapter, and no attempt is left.</summary>
    [JsonStringEnumMemberName("attempt")]
    Attempt,

    /// <summary>Its limit of money: it is attempted no more.</summary>
    [JsonStringEnumMemberName("budget")]
    Budget,

    /// <summary>The person who was to do it says so.</summary>
    [JsonStringEnumMemberName("manual")]
    Manual,

    /// <summary>What it changed cannot be recorded.</summary>
    [JsonStringEnumMemberName("changes")]
    Changes,

    /// <summary>It changed what it may not. The change is kept away for good.</summary>
    [JsonStringEnumMemberName("policy_violation")]
    PolicyViolation,

    /// <summary>Its change cannot be brought into the copy that is tested.</summary>
    [JsonStringEnumMemberName("prepare")]
    Prepare,

    /// <summary>An acceptance test. The change is kept away for good.</summary>
    [JsonStringEnumMemberName("acceptance_failed")]
    AcceptanceFailed,

    /// <summary>The patch ledger does not take its change.</summary>
    [JsonStringEnumMemberName("patch_ledger")]
    PatchLedger,

    /// <summary>The tree is not what the change was made on.</summary>
    [JsonStringEnumMemberName("tree_moved")]
    TreeMoved,
}
