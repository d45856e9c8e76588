using System.Text.Json.Nodes;
using Assay.Lanes.Jobs;
using Assay.Server.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Assay.Server.Api;

/// <summary>Examples for every body and answer of the OpenAPI document, and how to authenticate.</summary>
internal static class OpenApiExamples
{
    private const string Sha256 = "431e9d5a0ca8cf7b6082e038b1273f26c2105382bd00043a19acfdd1f42da413";

    private const string Blueprint = """
        {"schema_version":"blueprint_v1","title":"Two winners of six months","strategy":{"lookback_months":6,"top":2},"evaluation":{"first_month":"2003-01","segment_months":24,"segments":3,"holdout_months":15}}
        """;

    private const string Summary = """
        {"job_id":"f37d4d78df22","kind":"blueprint","title":"Two winners of six months","state":"WAITING_APPROVAL","step":"runspec","root_job_id":"f37d4d78df22","generation":0,"snapshot_id":"prices_2010","policy_bundle_id":"momentum_2010","cost_usd":0,"wall_clock_ms":62,"submitted_by":"ada","submitted_at":"2026-11-21T11:25:54.001200Z","updated_at":"2026-11-21T11:25:55.284100Z"}
        """;

    private const string Job = $$"""
        {"job":{{Summary}},"waiting":{"step":"runspec","document":"runspec","sha256":"{{Sha256}}"},"documents":[{"name":"runspec","version":1,"path":"outputs/runspec.json","sha256":"{{Sha256}}","size_bytes":730,"contract":"runspec_v1","in_force":true}],"decisions":[],"stages":[{"stage":"compile","attempt":1,"started_at":"2026-11-21T11:25:55.101000Z","ended_at":"2026-11-21T11:25:55.284100Z","result":"finished","cost_usd":0}],"proposals":[],"children":[],"budget":{"max_wall_clock_ms":120000,"spawned":0,"generation":0,"proposals":0,"cost_usd":0,"wall_clock_ms":62},"policy":{"path":"/srv/policies/momentum.yaml","id":"momentum_2010","sha256":"{{Sha256}}","file":"unchanged"},"version":5}
        """;

    private const string Run = """
        {"run_id":"1c683159c62a","run_sha256":"1c683159c62a4b7e5a3b0f0c2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f80","status":"COMPLETED","snapshot_id":"prices_2010","metrics":{"sharpe":0.981433},"segments":[{"segment_id":"walk_1","holdout":false,"metrics":{"sharpe":1.2}},{"segment_id":"holdout","holdout":true,"verdict":"PASS","metrics":{"months":15}}],"jobs":[{"job_id":"f37d4d78df22","title":"Two winners of six months","verdict":"PASS","gates":[{"gate_id":"sharpe","status":"PASS","metric":"sharpe","operator":">=","threshold":0.8,"value":0.981433}]}]}
        """;

    private const string Events = """
        {"events":[{"event_type":"WAITING_APPROVAL","extensions":{"actor":"assay","recorded_at":"2026-11-21T11:25:55.284100Z","via":"engine"},"job_id":"f37d4d78df22","outputs":{"sha256":"431e9d5a0ca8cf7b6082e038b1273f26c2105382bd00043a19acfdd1f42da413","step":"runspec"},"schema_version":"job_event_v2","stream":"job/f37d4d78df22","version":5}]}
        """;

    private const string Trial = $$"""
        {"trial":7,"verdict":"PASS","title":"Two winners of six months","job_id":"f37d4d78df22","run_id":"1c683159c62a",
         "card_id":"9a3c5e7f0b1d","snapshot_id":"prices_2010","policy_bundle_id":"momentum_2010","policy_bundle_sha256":"{{Sha256}}",
         "gates_passed":3,"gates_failed":0,"gate_results_sha256":"{{Sha256}}","recorded_at":"2026-11-21T11:26:03.284100Z"}
        """;

    private const string Card = """
        {"schema_version":"registry_card_v1","title":"Two winners of six months","run_id":"1c683159c62a"}
        """;

    private const string Trades =
        """{"columns":["month","side","symbol"],"rows":[["2003-01","buy","AAPL"],["2003-02","sell","AAPL"]],"total":2}""";

    /// <summary>By path and method: the request's example, and the answer's.</summary>
    private static readonly Dictionary<(string Path, string Method), (string? Request, string? Answer)> Table = new()
    {
        [("/jobs", "GET")] = (null, $$"""{"items":[{{Summary}}],"jobs":[{{Summary}}],"next_cursor":"MjAyNi0xMS0yMVQxMToyNTo1NC4wMDEyMDBafGYzN2Q0ZDc4ZGYyMg"}"""),
        [("/jobs/blueprint", "POST")] = (Blueprint, """{"job_id":"f37d4d78df22","status":"created"}"""),
        [("/jobs/idea", "POST")] = ("""{"schema_version":"idea_spec_v1","title":"Winners keep winning for a while","description":"Hold a few shares that rose.","constraints":{"shares":2}}""", """{"job_id":"e4779b52644d","status":"created"}"""),
        [("/jobs/{job_id}", "GET")] = (null, Job),
        [("/jobs/{job_id}/documents/{name}", "GET")] = (null, """{"schema_version":"runspec_v1","title":"Two winners of six months","strategy":{"lookback_months":6,"top":2}}"""),
        [("/jobs/{job_id}/events", "GET")] = (null, Events),
        [("/jobs/{job_id}/approve", "POST")] = ("""{"reason":"the segments are what we agreed"}""", """{"job_id":"f37d4d78df22","status":"RUNNING"}"""),
        [("/jobs/{job_id}/reject", "POST")] = ("""{"reason":"too short a history"}""", """{"job_id":"f37d4d78df22","status":"REJECTED"}"""),
        [("/jobs/{job_id}/spawn", "POST")] = ("""{"proposal_id":"slower"}""", """{"job_id":"bddd0095868a","status":"spawned"}"""),
        [("/jobs/{job_id}/cancel", "POST")] = ("""{"reason":"not needed any more"}""", """{"job_id":"f37d4d78df22","status":"CANCELLED"}"""),
        [("/jobs/{job_id}/retry", "POST")] = ("""{"reason":"the disk is free again"}""", """{"job_id":"f37d4d78df22","status":"RUNNING"}"""),
        [("/jobs/{job_id}/rerun", "POST")] =
            ("""{"reason":"the gates read the wrong column"}""", """{"job_id":"9a0c1d5e7f24","status":"rerun"}"""),
        [("/tasks/{run_id}/events", "GET")] = (null, """{"events":[{"data":{"adapter_id":"shell","attempt":1,"fallback":false,"task_id":"fix"},"event":"TASK_STARTED","t":"2026-11-21T11:25:55.284100Z","version":5}]}"""),
        [("/epochs/{epoch_id}/events", "GET")] = (null, """{"events":[{"data":{"reason":null,"verdict":"PASS"},"event":"EPOCH_FINISHED","t":"2026-11-21T11:25:55.284100Z","version":9}]}"""),
        [("/runs/{run_id}", "GET")] = (null, Run),
        [("/runs/{run_id}/segments/{segment_id}/curve", "GET")] = (null, """{"points":[{"at":"2003-01","value":1.021},{"at":"2003-02","value":1.034}]}"""),
        [("/runs/{run_id}/segments/{segment_id}/trades", "GET")] = (null, Trades),
        [("/runs/{run_id}/trades", "GET")] = (null, Trades),
        [("/registry", "GET")] = (null, $$"""{"items":[{{Trial}}],"next_cursor":null}"""),
        [("/registry/{trial}", "GET")] = (null, $$"""{"trial":{{Trial}},"card":{{Card}}}"""),
        [("/healthz", "GET")] = (null, """{"status":"ok"}"""),
        [("/readyz", "GET")] = (null, """{"status":"ok"}"""),
        [("/metrics", "GET")] = (null, """ "# TYPE retry_attempts_total counter\nretry_attempts_total 2\n" """),
    };

    /// <summary>What the document says beside what the endpoints say of themselves.</summary>
    public static Task DocumentAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info.Title = "Assay";
        document.Info.Version = "v1";
        document.Info.Description = "Jobs from blueprint or idea to registry, with a person at every checkpoint.";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            ["operator"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The operator's token, when write auth is off." },
            ["basic"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "Name and password, when write auth is basic." },
        };
        return Task.CompletedTask;
    }

    /// <summary>Adds examples, the headers that matter, and who may call.</summary>
    public static Task OperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var path = "/" + context.Description.RelativePath?.TrimEnd('/');
        var method = context.Description.HttpMethod ?? "";
        var (request, answer) = Table.GetValueOrDefault((path, method));
        foreach (var media in operation.RequestBody?.Content?.Values ?? []) media.Example = Parse(request);
        foreach (var (status, response) in operation.Responses ?? [])
        {
            foreach (var (type, media) in response.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal))
            {
                media.Example = type == Problems.ContentType ? Problem(status) : type == "text/event-stream" ? JsonValue.Create("id: 5\nevent: WAITING_APPROVAL\ndata: {…}\n\n") : Parse(answer);
            }
        }

        if (method == "POST")
        {
            operation.Security = [Requirement("operator", context), Requirement("basic", context)];
            if (path.EndsWith("/approve", StringComparison.Ordinal) || path.EndsWith("/reject", StringComparison.Ordinal))
            {
                AddHeader(operation, "If-Match", isRequired: true, $"\"{Sha256}\"");
            }

            if (path is "/jobs/blueprint" or "/jobs/idea") AddHeader(operation, "Idempotency-Key", isRequired: false, "7f1c2f5e-night-42");
        }
        else if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            AddHeader(operation, "Last-Event-ID", isRequired: false, "5");
        }

        return Task.CompletedTask;
    }

    private static OpenApiSecurityRequirement Requirement(string scheme, OpenApiOperationTransformerContext context) => new() { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] };

    private static void AddHeader(OpenApiOperation operation, string name, bool isRequired, string example) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = name,
        In = ParameterLocation.Header,
        Required = isRequired,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = JsonValue.Create(example),
    });

    private static JsonNode? Parse(string? text) => text is null ? null : JsonNode.Parse(text);

    private static JsonObject Problem(string status)
    {
        var (rule, detail) = status switch
        {
            "401" => (HttpRefusal.Unauthorized.Rule, "writing needs a person"),
            "403" => (JobRefusals.PolicyOverride.Code, Inputs.Said.PolicyOverride),
            "404" => (JobRefusals.NoJob.Code, Inputs.Absent.Job("f37d4d78df22").Text),
            "409" => (JobRefusals.AlreadyApproved.Code, "runspec was approved already"),
            "412" => (JobRefusals.DocumentChanged.Code, "the document has changed: look at it and decide again"),
            "413" => (HttpRefusal.BodyTooLarge.Rule, "the body must be complete and have at most 1048576 bytes"),
            "415" => (HttpRefusal.ContentType.Rule, "the body must be application/json"),
            "422" => (HttpRefusal.KeyReused.Rule, "this Idempotency-Key came with another request before"),
            "428" => (HttpRefusal.MatchRequired.Rule, "name in If-Match the digest of the document that you saw: the ETag of the job"),
            "429" => (HttpRefusal.RateLimit.Rule, "too many requests: try again in 1 s"),
            "503" => (HttpRefusal.TooManyStreams.Rule, "too many clients listen already: try again later"),
            _ => ("type", "body:1:1: must be an object [type]"),
        };
        return new JsonObject { ["type"] = $"urn:assay:problem:{rule}", ["title"] = rule, ["status"] = int.Parse(status), ["detail"] = detail };
    }
}
