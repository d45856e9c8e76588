using System.Text.Json;
using Assay.Inputs;
using Assay.Server.Api.Events;
using Assay.Server.Http;
using Assay.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api.Tasks;

/// <summary>The JSON API of runs of tasks.</summary>
internal sealed class TaskEndpoints(EventAnswers answers)
{
    private static readonly Dictionary<string, string[]> Withheld = new(StringComparer.Ordinal)
    {
        ["TASK_ATTEMPTED"] = ["reason", "agent"],
        ["TASK_TESTED"] = ["result/reason", "result/first_failures", "result/egress"],
        ["TASK_RETRIED"] = ["reason"],
        ["TASK_FAILED"] = ["reason"],
        ["TASK_TIMEOUT"] = ["reason"],
        ["TASK_CANCELLED"] = ["reason"],
        ["ESCALATED"] = ["message"],
    };

    private static readonly RecordedEvents Events = new(TaskModule.Record, Absent.Run, Withheld);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/tasks/{run_id}/events", EventsAsync)
        .WithTags("tasks").WithSummary("The events of a run of tasks; as server-sent events when text/event-stream is accepted")
        .WithDescription("What a program of the run may have written is left out.")
        .Produces<JsonElement>(200, "application/json", "text/event-stream").Refuses(400, 404, 503);

    private Task<IResult> EventsAsync(HttpContext context, string run_id, long? after) =>
        answers.AnswerAsync(context, Events, run_id, after);
}
