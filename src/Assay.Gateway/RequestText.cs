using System.Text.Json;
using System.Text.Unicode;
using Assay.Kernel.Json;

namespace Assay.Gateway;

/// <summary>
/// Whether the bytes of a request are a text that everybody reads in one way, and of how many parts: each takes memory several times its
/// own size.
/// </summary>
internal static class RequestText
{
    /// <summary>More values, names and brackets than a request of a real agent has.</summary>
    public const int MaxParts = 400_000;

    public const string NoObject = "the request is no JSON object, or has a key twice";

    private const int PartsBetweenLooks = 4096;

    /// <summary>What is wrong with it; null: nothing.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public static string? Problem(ReadOnlySpan<byte> bytes, CancellationToken over)
    {
        if (!Utf8.IsValid(bytes)) return "the request is no UTF-8";
        if (HalfCharacters.IsIn(bytes)) return "a text in the request holds half a character (a surrogate without the other)";
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = StrictJson.UntrustedDepth });
        try
        {
            for (var parts = 1; reader.Read(); parts++)
            {
                if (parts > MaxParts) return $"the request has more than {MaxParts} parts";
                if (parts % PartsBetweenLooks == 0) over.ThrowIfCancellationRequested();
            }

            return null;
        }
        catch (JsonException)
        {
            return NoObject;
        }
    }
}
