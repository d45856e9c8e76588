using System.Text.Json.Serialization;

namespace Assay.Access;

/// <summary>What somebody may ask for; each may what those before it may (ruling 45).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    /// <summary>See everything but secrets. On loopback nobody needs a token for it.</summary>
    [JsonStringEnumMemberName("reader")]
    Reader,

    /// <summary>Submit work and cancel it, which may be a program's act.</summary>
    [JsonStringEnumMemberName("submitter")]
    Submitter,

    /// <summary>Decide: approve, reject, spawn, retry, apply and take back. That is a person's alone.</summary>
    [JsonStringEnumMemberName("operator")]
    Operator,
}
