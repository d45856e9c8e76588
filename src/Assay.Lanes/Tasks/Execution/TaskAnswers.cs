using System.Text.Json.Serialization;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Tasks;

/// <summary>Whether an adapter may be called.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PermitStatus>))]
internal enum PermitStatus
{
    [JsonStringEnumMemberName("ALLOWED")]
    Allowed,

    /// <summary>Its circuit breaker is open.</summary>
    [JsonStringEnumMemberName("OPEN")]
    Open,

    /// <summary>Its last health check failed.</summary>
    [JsonStringEnumMemberName("UNHEALTHY")]
    Unhealthy,
}

/// <summary>What an adapter answers to <see cref="AskPermit"/>.</summary>
/// <param name="Status">Whether it may be called.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Since">Since when its breaker has not been closed.</param>
/// <param name="Until">When it can be asked again with another answer.</param>
internal sealed record PermitAnswer(PermitStatus Status, string? Reason, DateTimeOffset? Since, DateTimeOffset? Until) : StreamAnswer;

/// <summary>What an adapter answers to <see cref="ReportCall"/>.</summary>
/// <param name="Opened">Whether this report opened its breaker, which was closed before: an outage begins.</param>
internal sealed record ReportAnswer(bool Opened) : StreamAnswer
{
    /// <summary>Whether everybody may call it now. Earlier builds do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Closed { get; init; }
}

/// <summary>What a project answers of a patch.</summary>
/// <param name="State">Where it stands; null when the project has no such patch.</param>
/// <param name="Reason">Why, when there is something to say.</param>
internal sealed record PatchAnswer(PatchState? State, string? Reason) : StreamAnswer;
