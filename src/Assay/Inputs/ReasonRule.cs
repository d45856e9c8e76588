using Assay.Kernel.Contracts;
using Assay.Kernel.Lanes;

namespace Assay.Inputs;

/// <summary>A person's reason: short enough for an event, and with nothing in it that steers a terminal or a page.</summary>
internal static class ReasonRule
{
    /// <summary>Characters.</summary>
    private const int Most = 2_000;

    /// <summary>Why a reason is not taken; null when it is, or when there is none.</summary>
    public static Refusal? Problem(string? reason)
    {
        if (TextRule.Refused(reason ?? "", isFree: true) is { } character)
        {
            return new Refusal(RequestRefusals.ControlCharacter, $"a reason holds {TextRule.Describe(character)}: take it out");
        }

        return reason?.Length > Most ? new Refusal(RequestRefusals.Reason, $"a reason has at most {Most} characters") : null;
    }
}
