using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;

namespace Assay.Cli.Output;

/// <summary>Prints what is wrong with input: one line a problem on standard error, without what could steer a terminal, or one JSON document on standard output.</summary>
internal static class Problems
{
    /// <summary>The source of what is wrong with no document: on a terminal it is not named.</summary>
    public const string CommandLine = "command line";

    private const int MaxShown = 20;

    /// <summary>A request that was refused, in the same form.</summary>
    /// <param name="subject">What it was about.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="json">Whether a program reads it.</param>
    public static int Print(string subject, Refusal refusal, bool json)
    {
        Print([new InputProblem(subject, "", refusal.Kind.Code, refusal.Text)], json);
        return ExitCodes.Of(refusal.Kind.Class);
    }

    public static int Print(IReadOnlyList<InputProblem> problems, bool json)
    {
        var code = ExitCodes.Of(Said.ClassOf(problems));
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new ProblemList(problems), ProblemJson.Default.ProblemList));
            return code;
        }

        foreach (var problem in problems.Take(MaxShown)) Console.Error.WriteLine($"assay: {Words.Safe(Line(problem))}");
        if (problems.Count > MaxShown) Console.Error.WriteLine($"assay: and {problems.Count - MaxShown} more");
        return code;
    }

    private static string Line(InputProblem problem) =>
        problem.Source == CommandLine ? $"{problem.Message} [{problem.Rule}]" : problem.ToString();
}

internal sealed record ProblemList(IReadOnlyList<InputProblem> Problems);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProblemList))]
internal sealed partial class ProblemJson : JsonSerializerContext;
