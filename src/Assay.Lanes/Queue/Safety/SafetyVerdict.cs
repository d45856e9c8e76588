using System.Text.Json.Serialization;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Whether something may start, from the best to the worst: of several, the last counts.</summary>
public enum SafetyVerdict
{
    [JsonStringEnumMemberName("ALLOW")]
    Allow,

    /// <summary>Only when a person has said so, of this very task.</summary>
    [JsonStringEnumMemberName("NEEDS_APPROVAL")]
    NeedsApproval,

    [JsonStringEnumMemberName("DENY")]
    Deny,
}

/// <summary>What a command may do to the tree that it works in.</summary>
public enum SafetyEffect
{
    /// <summary>Nothing, so that it is harmless to repeat.</summary>
    [JsonStringEnumMemberName("read")]
    Read,

    [JsonStringEnumMemberName("write")]
    Write,
}
