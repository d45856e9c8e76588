using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>Why an adapter takes no call now.</summary>
/// <param name="Status">What the adapter answered; null when not even the question could be put.</param>
/// <param name="Reason">For a person.</param>
/// <param name="Since">Since when its breaker has not been closed.</param>
/// <param name="Until">When it may be asked again; null: soon.</param>
internal sealed record AdapterRefusal(PermitStatus? Status, string? Reason, DateTimeOffset? Since, DateTimeOffset? Until)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    /// <summary>The answer in a word.</summary>
    [JsonIgnore]
    public string Word => Status is { } status ? WireName<PermitStatus>.Of(status) : "REFUSED";

    /// <summary>What an answer refuses; null when it allows the call.</summary>
    public static AdapterRefusal? Of(StreamAnswer answer) => answer switch
    {
        PermitAnswer { Status: PermitStatus.Allowed } => null,
        PermitAnswer permit => new AdapterRefusal(permit.Status, permit.Reason, permit.Since, permit.Until),
        { NotDone: { } reason } => new AdapterRefusal(null, reason, null, null),
        _ => throw new InvalidOperationException($"an adapter answers no {answer}"),
    };

    /// <summary>When it may be asked again.</summary>
    public DateTimeOffset AskAgainAt(DateTimeOffset now) => Until is { } until && until > now + AskAgain ? until : now + AskAgain;
}
