using Assay.Jobs;

namespace Assay.Server.Http;

/// <summary>What is said of a list that was asked for in a way that it does not have, in the API and on pages alike.</summary>
internal static class ListWords
{
    public static string NoState(string state) => $"there is no state {state}: it is one of {string.Join(", ", JobService.States)}";

    public static string NoOrder(string column) => $"the list cannot be ordered by {column}";
}
