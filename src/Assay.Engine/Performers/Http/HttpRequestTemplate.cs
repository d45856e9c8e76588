using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Engine.Performers.Http;

/// <summary>A request whose variables are filled in, and which can be made as often as needed.</summary>
internal sealed partial class HttpRequestTemplate
{
    private const string SignatureHeader = "X-Assay-Signature";

    private readonly CallHttp _effect;
    private readonly IReadOnlyList<(string Name, string Value)> _headers;

    private readonly byte[]? _body;

    private HttpRequestTemplate(CallHttp effect, byte[]? body, IReadOnlyList<(string Name, string Value)> headers) => (_effect, _body, _headers) = (effect, body, headers);

    /// <param name="effect">What was asked for.</param>
    /// <param name="blob">Reads a document of the ledger.</param>
    /// <exception cref="HttpTemplateException">A variable is not set, or the ledger has lost the body.</exception>
    public static async ValueTask<HttpRequestTemplate> FillAsync(CallHttp effect, Func<Digest, ValueTask<byte[]?>> blob)
    {
        var body = effect.BodyDocument is { } document
            ? await blob(document) ?? throw new HttpTemplateException($"the ledger does not hold the body {document}")
            : effect.Body is { } text ? Encoding.UTF8.GetBytes(text) : null;
        if (body is not null && !effect.Places.IsEmpty) body = await BodyPlaces.FillAsync(body, effect.Places, blob);
        var headers = effect.Headers.Select(h => (h.Key, Placeholder().Replace(h.Value, match => Variable(match.Groups["name"].Value)))).ToList();
        if (effect.SigningKeyVariable is { } name)
        {
            var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Variable(name)), body ?? []);
            headers.Add((SignatureHeader, $"sha256={Convert.ToHexStringLower(signature)}"));
        }

        return new HttpRequestTemplate(effect, body, headers);
    }

    public Uri Url => new(_effect.Url);

    /// <summary>A message to an address, which is another than <see cref="Url"/> after a redirect.</summary>
    public HttpRequestMessage To(Uri url, HttpMethod? method = null)
    {
        var message = new HttpRequestMessage(method ?? new HttpMethod(_effect.Method), url);
        if (_body is { } body && message.Method != HttpMethod.Get)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(_effect.ContentType);
        }

        foreach (var (name, value) in _headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? throw new HttpTemplateException($"the variable {name} is not set");

    [GeneratedRegex(@"\{env:(?<name>[A-Za-z_][A-Za-z0-9_]*)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}

/// <summary>A request cannot be made of what was declared.</summary>
internal sealed class HttpTemplateException(string message) : Exception(message);
