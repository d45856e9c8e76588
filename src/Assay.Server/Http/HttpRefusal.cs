using Microsoft.AspNetCore.Http;

namespace Assay.Server.Http;

/// <summary>
/// What a request is refused for as a request of HTTP, before anything behind it is asked: a static member of this type, listed in
/// <see cref="All"/>.
/// </summary>
internal sealed record HttpRefusal
{
    private HttpRefusal(int status, string rule) => (Status, Rule) = (status, rule);

    /// <summary>The status of the answer.</summary>
    public int Status { get; }

    /// <summary>The short name, as answers and the log of refusals show it. No other refusal has it.</summary>
    public string Rule { get; }

    /// <summary>What is no version of an event.</summary>
    public static readonly HttpRefusal After = new(StatusCodes.Status400BadRequest, "after");

    /// <summary>The body is not all there, or not what the request takes.</summary>
    public static readonly HttpRefusal Body = new(StatusCodes.Status400BadRequest, "body");

    public static readonly HttpRefusal Cursor = new(StatusCodes.Status400BadRequest, Inputs.Cursor.Rule);

    public static readonly HttpRefusal Form = new(StatusCodes.Status400BadRequest, "form");

    /// <summary>The form is not of a page that this server gave out.</summary>
    public static readonly HttpRefusal FormToken = new(StatusCodes.Status400BadRequest, "form_token");

    /// <summary>An <c>Idempotency-Key</c> that is none.</summary>
    public static readonly HttpRefusal KeyForm = new(StatusCodes.Status400BadRequest, "idempotency_key");

    /// <summary>A kind of job that there is not.</summary>
    public static readonly HttpRefusal Kind = new(StatusCodes.Status400BadRequest, "kind");

    public static readonly HttpRefusal LastEventId = new(StatusCodes.Status400BadRequest, "last_event_id");

    public static readonly HttpRefusal Limit = new(StatusCodes.Status400BadRequest, Inputs.PageLimit.Rule);

    /// <summary>An <c>If-Match</c> that is no digest.</summary>
    public static readonly HttpRefusal MatchForm = new(StatusCodes.Status400BadRequest, "if_match");

    /// <summary>It cannot be read as a request.</summary>
    public static readonly HttpRefusal Request = new(StatusCodes.Status400BadRequest, "request");

    /// <summary>An order that a list does not have.</summary>
    public static readonly HttpRefusal Sort = new(StatusCodes.Status400BadRequest, "sort");

    public static readonly HttpRefusal State = new(StatusCodes.Status400BadRequest, "state");

    public static readonly HttpRefusal Step = new(StatusCodes.Status400BadRequest, "step");

    /// <summary>A verdict that gates do not give.</summary>
    public static readonly HttpRefusal Verdict = new(StatusCodes.Status400BadRequest, "verdict");

    public static readonly HttpRefusal Unauthorized = new(StatusCodes.Status401Unauthorized, "unauthorized");

    /// <summary>Another site's page sends it.</summary>
    public static readonly HttpRefusal Origin = new(StatusCodes.Status403Forbidden, "origin");

    public static readonly HttpRefusal NotFound = new(StatusCodes.Status404NotFound, "not_found");

    public static readonly HttpRefusal Method = new(StatusCodes.Status405MethodNotAllowed, "method");

    /// <summary>The body did not come in time.</summary>
    public static readonly HttpRefusal Timeout = new(StatusCodes.Status408RequestTimeout, "request_timeout");

    /// <summary>The body is longer than any request may be.</summary>
    public static readonly HttpRefusal BodyTooLarge = new(StatusCodes.Status413PayloadTooLarge, "body_too_large");

    public static readonly HttpRefusal ContentType = new(StatusCodes.Status415UnsupportedMediaType, "content_type");

    public static readonly HttpRefusal Host = new(StatusCodes.Status421MisdirectedRequest, "host");

    /// <summary>The <c>Idempotency-Key</c> came with another request before.</summary>
    public static readonly HttpRefusal KeyReused = new(StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused");

    /// <summary>A decision without <c>If-Match</c>.</summary>
    public static readonly HttpRefusal MatchRequired = new(StatusCodes.Status428PreconditionRequired, "if_match_required");

    public static readonly HttpRefusal RateLimit = new(StatusCodes.Status429TooManyRequests, "rate_limit");

    public static readonly HttpRefusal Bug = new(StatusCodes.Status500InternalServerError, "bug");

    /// <summary>The ledger cannot be used.</summary>
    public static readonly HttpRefusal Ledger = new(StatusCodes.Status503ServiceUnavailable, "ledger");

    public static readonly HttpRefusal TooManyStreams = new(StatusCodes.Status503ServiceUnavailable, "too_many_streams");

    public static IReadOnlyList<HttpRefusal> All { get; } =
    [
        After, Body, Cursor, Form, FormToken, KeyForm, Kind, LastEventId, Limit, MatchForm, Request, Sort, State, Step, Verdict,
        Unauthorized, Origin, NotFound, Method, Timeout, BodyTooLarge, ContentType, Host, KeyReused, MatchRequired, RateLimit, Bug, Ledger,
        TooManyStreams,
    ];

    /// <summary>What a status means that somebody below has set.</summary>
    public static HttpRefusal Of(int status) => All.FirstOrDefault(r => r.Status == status && r != After && r != Body) ?? Request;
}
