using System.Globalization;
using System.Text;

namespace Assay.Server.Api.Events;

/// <summary>An event as those who listen get it: made once, for all of them.</summary>
/// <param name="Version">Its place in its stream, which is its id.</param>
/// <param name="Type">Its name.</param>
/// <param name="Data">One line of JSON.</param>
internal sealed record FeedEvent(long Version, string Type, string Data)
{
    /// <summary>The event on the wire (WHATWG HTML, 9.2).</summary>
    public ReadOnlyMemory<byte> Wire { get; } =
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {Version}\nevent: {Type}\ndata: {Data}\n\n"));
}
