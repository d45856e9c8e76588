namespace Assay.Kernel.Json;

/// <summary>One thing that is wrong with a document from outside: which file, where in it, which rule, what to do.</summary>
/// <param name="Source">The file's path as the user gave it, or a name such as <c>stdin</c>.</param>
/// <param name="Pointer">JSON pointer (RFC 6901) of the offending value; empty for the whole document.</param>
/// <param name="Rule">The rule that was broken: a JSON Schema keyword, or a word such as <c>syntax</c> or <c>duplicate_key</c>.</param>
/// <param name="Message">One sentence for a person.</param>
/// <param name="Line">1-based line, when known.</param>
/// <param name="Column">1-based column in bytes, when known.</param>
public sealed record InputProblem(string Source, string Pointer, string Rule, string Message, int? Line = null, int? Column = null)
{
    /// <summary>The one line that the command line prints: <c>plan.json:3:7: /budgets: message [rule]</c>.</summary>
    public override string ToString()
    {
        var position = Line is { } line ? $":{line}:{Column ?? 1}" : "";
        var pointer = Pointer.Length == 0 ? "" : $" {Pointer}:";
        return $"{Source}{position}:{pointer} {Message} [{Rule}]";
    }
}

/// <summary>Either a value, or what is wrong with the input that should have become one.</summary>
public readonly struct Checked<T>
{
    private readonly T? _value;

    private Checked(T? value, IReadOnlyList<InputProblem> problems)
    {
        _value = value;
        Problems = problems;
    }

    /// <summary>Empty when there is a value.</summary>
    public IReadOnlyList<InputProblem> Problems { get; }

    public bool IsValid => Problems.Count == 0;

    /// <summary>The value. Throws when the input was refused: look at <see cref="IsValid"/> first.</summary>
    public T Value => IsValid ? _value! : throw new InvalidOperationException($"refused input has no value: {Problems[0]}");

    public static implicit operator Checked<T>(T value) => new(value, []);

    public static implicit operator Checked<T>(InputProblem problem) => new(default, [problem]);

    public static Checked<T> Refused(IReadOnlyList<InputProblem> problems) =>
        problems.Count > 0 ? new(default, problems) : throw new ArgumentException("a refusal names at least one problem", nameof(problems));
}
