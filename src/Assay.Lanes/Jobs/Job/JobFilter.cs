namespace Assay.Lanes.Jobs;

/// <summary>Which jobs a list shows, and in which order. As it is: all of them, submitted last first.</summary>
public sealed record JobFilter
{
    /// <summary>Orders by when a job was submitted.</summary>
    public const string Submitted = "submitted";

    /// <summary>Orders by when a job changed last.</summary>
    public const string Updated = "updated";

    /// <summary>What a list can be ordered by without reading all jobs.</summary>
    public static IReadOnlyList<string> Orders { get; } = [Submitted, Updated];

    /// <summary>Only jobs in this state; null: in any.</summary>
    public string? State { get; init; }

    /// <summary>Only jobs of this kind, <c>blueprint</c> or <c>idea</c>; null: of either.</summary>
    public string? Kind { get; init; }

    /// <summary>Only jobs whose gates said this, PASS or FAIL; null: whatever they said.</summary>
    public string? Verdict { get; init; }

    /// <summary>One of <see cref="Orders"/>.</summary>
    public string OrderBy { get; init; } = Submitted;

    /// <summary>Whether the earliest time comes first.</summary>
    public bool IsAscending { get; init; }

    /// <summary>Where a job stands in the list: the time that orders it, and its id.</summary>
    public (string At, string JobId) PlaceOf(JobSummary job) => (OrderBy == Updated ? job.UpdatedAt : job.SubmittedAt, job.JobId);

    /// <summary>The column of the table <c>jobs</c> that orders.</summary>
    internal string Column => $"{OrderBy}_at";

    /// <summary>The columns of that table that have to have a value.</summary>
    internal IReadOnlyList<(string Column, string Value)> Where
    {
        get
        {
            (string Column, string? Value)[] all = [("state", State), ("kind", Kind), ("verdict", Verdict)];
            return [.. all.Where(w => w.Value is not null).Select(w => (w.Column, w.Value!))];
        }
    }
}
