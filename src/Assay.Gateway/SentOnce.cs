using System.Net;
using System.Net.Http.Headers;

namespace Assay.Gateway;

/// <summary>
/// What is sent to the model: once, since whoever sent it twice would pay twice, and with its kind said by the gateway, which has written
/// it.
/// </summary>
internal sealed class SentOnce : HttpContent
{
    private readonly Action _sent;
    private readonly Action _begun;
    private readonly long _length;
    private byte[]? _bytes;

    /// <param name="bytes">A document.</param>
    /// <param name="begun">Is told when the first of it may have left.</param>
    /// <param name="sent">Is told when all of it has.</param>
    public SentOnce(byte[] bytes, Action begun, Action sent)
    {
        (_bytes, _length, _begun, _sent) = (bytes, bytes.Length, begun, sent);
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var bytes = Interlocked.Exchange(ref _bytes, null) ?? throw new HttpRequestException("it was sent before");
        _begun();
        await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        _sent();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
