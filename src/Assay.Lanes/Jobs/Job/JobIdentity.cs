using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>The identities of jobs and runs: known before anything happens, without time or host.</summary>
internal static class JobIdentity
{
    /// <summary>Hex digits of a short id. It is a name; the full digest is stored beside it and compared (ruling 13).</summary>
    public const int ShortDigits = 12;

    /// <summary>
    /// SHA-256 over the canonical job specification, with the bundle's digest in the place of its path (ruling 14): where the bundle lies
    /// does not matter, what it says does.
    /// </summary>
    public static Digest Job(JsonObject spec, Digest bundleSha256)
    {
        var identity = spec.DeepClone().AsObject();
        identity.Remove("policy_bundle_path");
        identity["policy_bundle_sha256"] = bundleSha256.ToString();
        return Digest.Of(JsonLine.Canonical(identity));
    }

    /// <summary>SHA-256 over run specification, snapshot and component.</summary>
    public static Digest Run(Digest runspecSha256, string snapshotId, Digest component) => Digest.Of(CanonicalJson.Serialize(
        new RunIdentityDocument(runspecSha256, snapshotId, ImmutableSortedDictionary.Create<string, Digest>(StringComparer.Ordinal).Add(JobStages.Run, component)),
        JobJson.Default.RunIdentityDocument));

    public static string Short(Digest digest) => digest.Short(ShortDigits);

    /// <summary>Whether a text can be the id of a job, a run or a card.</summary>
    public static bool IsShortId(string text) => text.Length == ShortDigits && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));
}

/// <summary>What decides what a run does.</summary>
internal sealed record RunIdentityDocument(Digest RunspecSha256, string SnapshotId, ImmutableSortedDictionary<string, Digest> Components);
