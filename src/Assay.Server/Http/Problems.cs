using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Http;

/// <summary>A refusal as RFC 9457 writes it, with the rule that was broken.</summary>
/// <param name="Type">Names the rule.</param>
/// <param name="Title">The rule's short name.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong, and what to do.</param>
internal sealed record ProblemDocument(string Type, string Title, int Status, string Detail)
{
    /// <summary>Each thing that is wrong with a document, with its place.</summary>
    public IReadOnlyList<InputProblem>? Errors { get; init; }
}

/// <summary>Answers that refuse.</summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    public const string NothingHere = "there is no such thing here";

    /// <summary>Where the rule of a refusal is kept for the log.</summary>
    public const string RuleKey = "assay.rule";

    public static IResult Result(HttpRefusal refusal, string detail) => new Answer(Document(refusal.Status, refusal.Rule, detail, null));

    /// <summary>A refused document, with every place.</summary>
    public static IResult Result(IReadOnlyList<InputProblem> problems)
    {
        return new Answer(Document(StatusOf(Said.ClassOf(problems)), problems[0].Rule, problems[0].ToString(), problems));
    }

    /// <summary>There is nothing of that name.</summary>
    public static IResult Absent() => Result(HttpRefusal.NotFound, NothingHere);

    /// <summary>A request that was refused.</summary>
    public static IResult Result(Refusal refusal) =>
        new Answer(Document(StatusOf(refusal.Kind.Class), refusal.Kind.Code, refusal.Text, null));

    public static Task WriteAsync(HttpContext context, HttpRefusal refusal, string detail) => Result(refusal, detail).ExecuteAsync(context);

    /// <summary>The status of a request that was refused, in the API and on pages alike.</summary>
    public static int StatusOf(RefusalClass refused) => refused switch
    {
        RefusalClass.BadInput => StatusCodes.Status400BadRequest,
        RefusalClass.Unauthenticated => StatusCodes.Status401Unauthorized,
        RefusalClass.Forbidden => StatusCodes.Status403Forbidden,
        RefusalClass.NotFound => StatusCodes.Status404NotFound,
        RefusalClass.Gone => StatusCodes.Status410Gone,
        RefusalClass.Conflict => StatusCodes.Status409Conflict,
        RefusalClass.Precondition => StatusCodes.Status412PreconditionFailed,
        RefusalClass.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalClass.Unprocessable => StatusCodes.Status422UnprocessableEntity,
        RefusalClass.Misdirected => StatusCodes.Status421MisdirectedRequest,
        RefusalClass.Policy => StatusCodes.Status403Forbidden,
        RefusalClass.Budget => StatusCodes.Status409Conflict,
        RefusalClass.RateLimited => StatusCodes.Status429TooManyRequests,
        RefusalClass.Busy => StatusCodes.Status409Conflict,
        RefusalClass.Failed => StatusCodes.Status409Conflict,
        RefusalClass.Upstream => StatusCodes.Status502BadGateway,
        RefusalClass.FailClosed => StatusCodes.Status503ServiceUnavailable,
        _ => throw new InvalidOperationException($"unknown class {refused}"),
    };

    private static ProblemDocument Document(int status, string rule, string detail, IReadOnlyList<InputProblem>? errors) =>
        new($"urn:assay:problem:{rule}", rule, status, detail) { Errors = errors };

    private sealed class Answer(ProblemDocument problem) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            context.Items[RuleKey] = problem.Title;
            context.Response.StatusCode = problem.Status;
            return context.Response.WriteAsJsonAsync(problem, ProblemJson.Shared.ProblemDocument, ContentType);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class ProblemJson : JsonSerializerContext
{
    /// <summary>As above, with text as it is: an answer is never read as HTML.</summary>
    public static ProblemJson Shared => field ??=
        new(new JsonSerializerOptions(Default.Options) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
