using System.Collections.Immutable;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>
/// Send a request and keep the answer. Redirects are not followed off the host. A try that certainly did nothing (no connection, 429, 503) is repeated within
/// the attempt, with growing pauses or the one that the answer asks for.
/// </summary>
public sealed record CallHttp(string Id) : Effect(Id)
{
    public required string Method { get; init; }

    public required string Url { get; init; }

    /// <summary><c>{env:NAME}</c> in a value stands for a variable of the engine, which is never recorded.</summary>
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase);

    public string? Body { get; init; }

    /// <summary>A document of the ledger as the body instead.</summary>
    public Digest? BodyDocument { get; init; }

    /// <summary>
    /// Documents that come into <see cref="BodyDocument"/>, which is JSON then: in place of a text that is the name, as they are, and
    /// within
    /// a longer one as text.
    /// </summary>
    public ImmutableArray<JoinedDocument> Places { get; init; } = [];

    public string ContentType { get; init; } = "application/json";

    /// <summary>For the whole attempt, with its repetitions.</summary>
    public required long TimeoutMs { get; init; }

    public long MaxResponseBytes { get; init; } = 8L << 20;

    /// <summary>Tries within the attempt; 1: none is repeated.</summary>
    public int MaxTries { get; init; } = 1;

    public BackOff Pauses { get; init; } = new(BackOffGrowth.Exponential, 200, 10_000, Jitter: true);

    /// <summary>The file that receives the answer's body, relative to the workspace, numbered when it is taken.</summary>
    public required string ResponseFile { get; init; }

    /// <summary>Whether the ledger keeps the answer's body as a blob, whatever its size.</summary>
    public bool Keep { get; init; }

    /// <summary>Requests with the same key share a rate; null: no limit.</summary>
    public RateLimit? Rate { get; init; }

    /// <summary>Names the variable that holds the key with which the body is signed: <c>X-Assay-Signature: sha256=HMAC</c>.</summary>
    public string? SigningKeyVariable { get; init; }

    /// <summary>Whether an attempt whose outcome is not known may simply be made again: the receiver knows a repetition by its id.</summary>
    public bool Repeatable { get; init; }

    public override LossPolicy WhenLost => Repeatable ? LossPolicy.Repeat : LossPolicy.Ask;

    /// <summary>Nothing says whether the request had been sent.</summary>
    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) =>
        new HttpOutcome(null, reason, MayHaveActed: true) { StartedAt = startedAt, DurationMs = 0 };
}

/// <summary>At most <paramref name="Permits"/> requests in any <paramref name="PerMs"/> milliseconds.</summary>
public sealed record RateLimit(string Key, int Permits, int PerMs);

/// <summary>What came of a request.</summary>
/// <param name="Status">The answer's status; null when there was no answer.</param>
/// <param name="Problem">Why there is no answer, or why its body was not kept.</param>
/// <param name="MayHaveActed">Whether the receiver may have done what was asked.</param>
public sealed record HttpOutcome(int? Status, string? Problem, bool MayHaveActed) : EffectOutcome
{
    /// <summary>The name of the body among the evidence.</summary>
    public const string BodyName = "body";

    public int Tries { get; init; }

    /// <summary>How long the answer asks to wait.</summary>
    public long? RetryAfterMs { get; init; }

    public bool TimedOut { get; init; }

    public bool Cancelled { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long DurationMs { get; init; }

    /// <summary>The body as it was kept; null when there is none.</summary>
    public Captured? Body { get; init; }
}
