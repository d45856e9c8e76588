using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>What network a caged process has: nothing but loopback of its own unless something is listed or all is opened.</summary>
/// <param name="Hosts">What it may reach, by name; each attempt is recorded (cage.md, "Network by name").</param>
public sealed record NetworkReach(ImmutableArray<AllowedHost> Hosts)
{
    public static readonly NetworkReach Nothing = new([]);

    /// <summary>The host's own network, of which nothing is held or recorded: <c>network: all</c>.</summary>
    public static readonly NetworkReach All = new([]) { IsOpen = true };

    /// <summary>Whether it has the host's own network.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsOpen { get; init; }

    public bool Equals(NetworkReach? other) => other is not null && IsOpen == other.IsOpen && Hosts.SequenceEqual(other.Hosts);

    public override int GetHashCode() => HashCode.Combine(IsOpen, Hosts.Length);
}

/// <summary>The key <c>network</c> of a document.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OpenNetwork>))]
public enum OpenNetwork
{
    /// <summary>The host's own network.</summary>
    [JsonStringEnumMemberName("all")]
    All,
}

/// <summary>What a process tried to reach, as far as its network was watched.</summary>
/// <param name="Attempts">One line for each destination and verdict, in the order of the first attempt.</param>
/// <param name="Unlisted">Attempts that found no place on the list.</param>
public sealed record Egress(ImmutableArray<EgressAttempt> Attempts, long Unlisted)
{
    public bool Equals(Egress? other) => other is not null && Unlisted == other.Unlisted && Attempts.SequenceEqual(other.Attempts);

    public override int GetHashCode() => HashCode.Combine(Attempts.Length, Unlisted);
}

/// <summary>All attempts at one destination that came to the same verdict.</summary>
public sealed record EgressAttempt
{
    public required EgressProtocol Protocol { get; init; }

    /// <summary>The name that was asked for; an address where there was none.</summary>
    public required string Host { get; init; }

    /// <summary>Null when only a name was looked up.</summary>
    public int? Port { get; init; }

    public required EgressVerdict Verdict { get; init; }

    /// <summary>Why it was refused or not reached, by the first attempt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    public required long Count { get; init; }

    public long BytesSent { get; init; }

    public long BytesReceived { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    /// <summary>When the last attempt began.</summary>
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>Host and port as a person writes them.</summary>
    [JsonIgnore]
    public string Destination => Port is { } port ? AllowedHost.Authority(Host, port) : Host;
}

[JsonConverter(typeof(JsonStringEnumConverter<EgressProtocol>))]
public enum EgressProtocol
{
    [JsonStringEnumMemberName("tcp")]
    Tcp,

    [JsonStringEnumMemberName("udp")]
    Udp,

    /// <summary>A name was looked up, and nothing more.</summary>
    [JsonStringEnumMemberName("dns")]
    Dns,
}

[JsonConverter(typeof(JsonStringEnumConverter<EgressVerdict>))]
public enum EgressVerdict
{
    [JsonStringEnumMemberName("allowed")]
    Allowed,

    /// <summary>Not on the list, or not what it said it was.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>On the list, but it did not answer.</summary>
    [JsonStringEnumMemberName("unreachable")]
    Unreachable,
}
