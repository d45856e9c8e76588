using Assay.Kernel.Lanes;
using Assay.Server.Http;
using Assay.Server.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Assay.Server.Pages.Shared;

/// <summary>Pages as answers, with what each knows of its visitor.</summary>
internal sealed class PageAnswers(AccessGuard guard)
{
    public RazorComponentResult<TPage> Page<TPage>(HttpContext context, Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK, string? rule = null)
        where TPage : Microsoft.AspNetCore.Components.IComponent
    {
        if (status >= StatusCodes.Status400BadRequest) context.Items[Problems.RuleKey] = rule;
        parameters["Context"] = new PageContext(guard.SignedIn(context), guard.HasSession(context), guard.NeedsSignIn(context), guard.FormToken(context));
        return new RazorComponentResult<TPage>(parameters) { StatusCode = status };
    }

    public IResult NotFound(HttpContext context) =>
        Refused(context, HttpRefusal.NotFound, "There is no such page", "Nothing of that name is here.");

    /// <summary>Of an id that names nothing.</summary>
    public IResult NotFound(HttpContext context, Refusal absent, string back) =>
        Message(context, (Problems.StatusOf(absent.Kind.Class), absent.Kind.Code), "That is not here", absent.Text, back);

    public IResult Refused(HttpContext context, PageRefusal refusal, string back) =>
        Message(context, (refusal.Status, refusal.Rule), "That could not be done", refusal.Message, back);

    public IResult Refused(HttpContext context, Refusal refusal, string back) =>
        Refused(context, PageRefusal.Of(refusal), back);

    public IResult Refused(HttpContext context, HttpRefusal refusal, string heading, string message, string back = "/ui/jobs") =>
        Message(context, (refusal.Status, refusal.Rule), heading, message, back);

    private RazorComponentResult<MessagePage> Message(
        HttpContext context, (int Status, string Rule) refused, string heading, string message, string back)
    {
        var shown = new Dictionary<string, object?>
        {
            [nameof(MessagePage.Heading)] = heading,
            [nameof(MessagePage.Message)] = message,
            [nameof(MessagePage.Back)] = back,
        };
        return Page<MessagePage>(context, shown, refused.Status, refused.Rule);
    }
}
