using Assay.Inputs;
using Assay.Jobs;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Http;

/// <summary>What is said of a list that was asked for in a way that it does not have, in the API and on pages alike.</summary>
internal static class ListWords
{
    public static string NoState(string state) => No("state", state, JobService.States);

    /// <summary>The answer to a request that narrows a list to a word which is not known; null when it is, or none was given.</summary>
    public static IResult? Refused(HttpRefusal refusal, string? word, IReadOnlyCollection<string> known) =>
        word is null || known.Contains(word) ? null : Problems.Result(refusal, No(refusal.Rule, word, known));

    /// <summary>A word that is none of those that a list can be narrowed to.</summary>
    public static string No(string what, string word, IEnumerable<string> known) =>
        $"there is no {what} {word}: it is one of {string.Join(", ", known)}";

    public static string NoOrder(string column) => $"the list cannot be ordered by {column}";

    /// <summary>The same where the columns are named that can order it.</summary>
    public static string NoOrder(string word, IEnumerable<string> columns) =>
        $"the list cannot be ordered by {word}: it is one of {string.Join(", ", ListOrder.Words(columns))}";
}
