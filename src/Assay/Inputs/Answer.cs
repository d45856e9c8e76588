using System.Diagnostics.CodeAnalysis;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;

namespace Assay.Inputs;

/// <summary>
/// What came of a request: what it asked for, or the refusal. Every service answers so, and each way in shows it in its own: an exit code,
/// an HTTP status, a page.
/// </summary>
/// <typeparam name="T">What was asked for.</typeparam>
/// <param name="Subject">What it was about: an id, or the file that brought it.</param>
/// <param name="Value">What was asked for; null when it was refused.</param>
/// <param name="Refusal">Why not; null when it was not refused.</param>
public sealed record Answer<T>(string Subject, T? Value, Refusal? Refusal)
    where T : class
{
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsGiven => Refusal is null;

    public static Answer<T> Given(string subject, T value) => new(subject, value, null);

    public static Answer<T> Refused(string subject, Refusal refusal) => new(subject, null, refusal);

    public static Answer<T> Refused(string subject, RefusalKind kind, string message) => Refused(subject, new Refusal(kind, message));

    /// <summary>A document that came with the request cannot be read.</summary>
    public static Answer<T> Refused(string subject, InputProblem problem) => Refused(subject, Said.Of(problem));
}

/// <summary>Something has a new state, or has been made.</summary>
/// <param name="Id">What.</param>
/// <param name="Status">A word for its state, or for what was done.</param>
public sealed record Receipt(string Id, string Status);
