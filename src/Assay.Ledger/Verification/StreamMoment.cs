using Assay.Kernel.Streams;

namespace Assay.Ledger.Verification;

/// <summary>How far a stream went at one moment. Its events up to there can be read at any time behind it: they never change.</summary>
/// <param name="Info">The stream as the store knew it.</param>
/// <param name="Kept">What was kept of its fold.</param>
/// <param name="GoesOn">Whether there were events behind its head, which nobody can have written.</param>
internal sealed record StreamMoment(StreamInfo Info, KeptFold? Kept, bool GoesOn)
{
    public static async ValueTask<StreamMoment> OfAsync(IEventReader snapshot, StreamName stream)
    {
        var info = (await snapshot.FindAsync(stream))!;
        var kept = await snapshot.FindSnapshotAsync(stream) is { } fold
            ? new KeptFold(fold.Head, fold.Build, fold.Sha256, Digest.Of(fold.Body.Span))
            : null;
        return new StreamMoment(info, kept, (await snapshot.ReadAsync(stream, info.Head.Version, limit: 1)).Count > 0);
    }
}

/// <summary>What was kept of a fold, its bytes as their digest.</summary>
/// <param name="Head">The event behind which it was made.</param>
/// <param name="Build">The build that made it.</param>
/// <param name="Sha256">The digest that it is kept with.</param>
/// <param name="Body">The digest of the bytes themselves.</param>
internal sealed record KeptFold(StreamHead Head, string Build, Digest Sha256, Digest Body);
