using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Access;

/// <summary>A token that was given to somebody. What was given is kept by its digest alone.</summary>
/// <param name="TokenId">Its id, by which it is listed and revoked.</param>
/// <param name="Role">What it is good for.</param>
/// <param name="Name">The person that decides with it, or the program that submits with it.</param>
/// <param name="Sha256">The digest of the secret.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops to be good; null: when it is revoked.</param>
internal sealed record AccessToken(string TokenId, Role Role, string Name, Digest Sha256, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)
{
    /// <summary>Whether it is good at a time.</summary>
    public bool HoldsAt(DateTimeOffset now) => ExpiresAt is not { } end || now < end;
}

/// <summary>The file <c>keys/tokens.json</c>.</summary>
/// <param name="SchemaVersion">Always <see cref="Version"/>.</param>
/// <param name="Tokens">In the order in which they were made.</param>
internal sealed record TokenFile(string SchemaVersion, ImmutableArray<AccessToken> Tokens)
{
    public const string Version = "access_tokens_v1";

    public static readonly TokenFile Empty = new(Version, []);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TokenFile))]
internal sealed partial class TokenJson : JsonSerializerContext;
