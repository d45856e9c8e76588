namespace Assay.Server.Pages.Shared;

/// <summary>What every page knows of its visitor.</summary>
/// <param name="Person">Who has signed in; null: nobody, or the browser asks at the first write.</param>
/// <param name="HasSession">Whether the browser has a session that can be ended.</param>
/// <param name="NeedsSignIn">Whether a decision needs the operator's token first.</param>
/// <param name="FormToken">The token that forms of this page carry.</param>
public sealed record PageContext(string? Person, bool HasSession, bool NeedsSignIn, string FormToken)
{
    public const string FormTokenField = "form_token";
}
