using System.Globalization;
using System.Text;
using Assay.Ledger;
using Assay.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Api.Events;

/// <summary>Answers requests for the events of something: as they happen to who accepts that, else as one document.</summary>
internal sealed class EventAnswers(IEventReader store, EventStream events)
{
    /// <summary>The most events of a document; who wants more goes on behind the last of them.</summary>
    private const int MaxListed = 1_000;

    /// <summary>The events of something behind <paramref name="after"/>, or behind the header <c>Last-Event-ID</c>.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context, IEventSource source, string id, long? after)
    {
        if (source.StreamOf(id) is not { } stream || await store.FindAsync(stream) is not { } info) return Problems.Result(source.Absent(id));
        var last = context.Request.Headers["Last-Event-ID"].ToString();
        if (after < 0) return Problems.Result(HttpRefusal.After, "after is the version of an event: a whole number from 0");
        var seen = after ?? 0;
        if (last.Length > 0 && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out seen))
        {
            return Problems.Result(HttpRefusal.LastEventId, "Last-Event-ID is the id of an event");
        }

        if (last.Length > 0 && seen > info.Head.Version)
        {
            return Problems.Result(HttpRefusal.LastEventId, $"Last-Event-ID is beyond the last event, which is {info.Head.Version}");
        }

        if (context.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == "text/event-stream"))
        {
            await events.SendAsync(context, source, id, seen);
            return Results.Empty;
        }

        var reading = source.Read(id, seen);
        var found = new List<string>();
        for (var before = -1L; before != reading.Version && found.Count < MaxListed;)
        {
            before = reading.Version;
            found.AddRange((await reading.NextAsync(store, stream)).Where(e => e.Version > seen).Select(e => e.Data));
        }

        return Results.Text($"{{\"events\":[{string.Join(",", found.Take(MaxListed))}]}}", "application/json", Encoding.UTF8);
    }
}
