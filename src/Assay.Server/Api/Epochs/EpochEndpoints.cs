using System.Text.Json;
using Assay.Epochs;
using Assay.Inputs;
using Assay.Server.Api.Events;
using Assay.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api.Epochs;

/// <summary>The JSON API of epochs.</summary>
internal sealed class EpochEndpoints(EventAnswers answers)
{
    private static readonly Dictionary<string, string[]> Withheld = new(StringComparer.Ordinal)
    {
        ["REPLAY_REQUIRED"] = ["notes"],
        ["CRUCIBLE_COVERED"] = ["observed"],
        ["CRUCIBLE_FINISHED"] = ["notes", "coverage"],
        ["CRUCIBLE_SALVAGED"] = ["files"],
    };

    private static readonly RecordedEvents Events = new(EpochModule.Record, Absent.Epoch, Withheld);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/epochs/{epoch_id}/events", EventsAsync)
        .WithTags("epochs").WithSummary("The events of an epoch; as server-sent events when text/event-stream is accepted")
        .WithDescription("What a program of the epoch may have written is left out.")
        .Produces<JsonElement>(200, "application/json", "text/event-stream").Refuses(400, 404, 503);

    private Task<IResult> EventsAsync(HttpContext context, string epoch_id, long? after) =>
        answers.AnswerAsync(context, Events, epoch_id, after);
}
