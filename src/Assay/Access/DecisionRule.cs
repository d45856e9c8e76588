using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;

namespace Assay.Access;

/// <summary>
/// Who may decide: a person, whichever way the decision comes, and never the work that it is about (rulings 4, 34 and 45).
/// </summary>
internal static class DecisionRule
{
    /// <summary>Why a caller may not decide; null when it may.</summary>
    /// <param name="by">Who asks.</param>
    public static Refusal? Problem(Caller by)
    {
        if (by.Role != Role.Operator)
        {
            return new Refusal(RequestRefusals.Role, $"deciding is a person's, and {by.Name} has the token of a {WireName<Role>.Of(by.Role)}: use an operator's");
        }

        var asking = by.Asking();
        if (asking.IsUnknown)
        {
            return new Refusal(KernelRefusals.NotAPerson, "the program that asked for it is gone: nobody can tell that it was a person's");
        }

        return asking.IsWork || asking.Ids.Any(id => WorkOfAssay.Is(id, asking.IsConnected))
            ? new Refusal(KernelRefusals.NotAPerson, "work that Assay runs cannot decide, nor can what it started")
            : null;
    }
}
