using Assay.Kernel.Effects;
using Assay.Kernel.Json;

namespace Assay.Kernel.Lanes;

/// <summary>Why something that was asked for does not happen. Nothing was appended.</summary>
/// <param name="Kind">Which refusal it is.</param>
/// <param name="Message">One sentence for a person: what was refused and what to do.</param>
/// <param name="Pointer">JSON pointer (RFC 6901) of what is at fault, when that is in a document.</param>
public sealed record Refusal(RefusalKind Kind, string Message, string? Pointer = null)
{
    /// <summary>Message and place in one line.</summary>
    public string Text => Pointer is { Length: > 0 } ? $"{Message} (at {Pointer})" : Message;

    /// <summary>As the stream that asked records it.</summary>
    public RefusedAnswer Answer => new(Kind.Code, Text);

    /// <summary>
    /// What is wrong with a document that came with a request. Its rule is the code: contracts have more rules than lanes have refusals.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="class">What it means for the request.</param>
    public static Refusal Of(InputProblem problem, RefusalClass @class) => new(new RefusalKind(problem.Rule, @class), problem.ToString());
}
