using System.Globalization;
using System.Text.Json;
using Assay.Host;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;

namespace Assay.Cli.Output;

/// <summary>Jobs as a person reads them on a terminal.</summary>
internal static class JobTable
{
    private const int TitleWidth = 48;

    /// <summary>A page of jobs.</summary>
    public static Listing List(IReadOnlyList<JobSummary> jobs)
    {
        var listing = new Listing(
            "jobs", "assay job submit-blueprint FILE --snapshot ID --policy-bundle FILE submits one",
            "JOB", "STATE", "STEP", "GATES", "RUN", "SUBMITTED", "TITLE");
        foreach (var job in jobs)
        {
            listing.Add(
                JsonSerializer.SerializeToNode(job, JobViewJson.Shared.JobSummary)!, job.JobId, job.State,
                job.State == "DONE" ? "" : job.Step, job.Verdict, job.RunId, Shown.Time(job.SubmittedAt), Short(job.Title));
        }

        return listing;
    }

    public static void Print(JobView view, IReadOnlyList<GateView> gates, IReadOnlyList<JobEventView> events)
    {
        var job = view.Job;
        Console.Out.WriteLine($"{job.JobId}  {Words.Safe(job.Title)}");
        Console.Out.WriteLine(Standing(job));
        var ended = HasEnded(job) && events.LastOrDefault(e => e.Type == job.State) is { } end ? $" · ended {Shown.Time(end.At)}" : "";
        Console.Out.WriteLine($"submitted {Shown.Time(job.SubmittedAt)} by {Words.Safe(job.SubmittedBy)} · snapshot {job.SnapshotId}{ended}");
        if (job.RunId is { } run) Console.Out.WriteLine($"run {run}{(job.CardId is { } card ? $" · card {card}" : "")}");
        Console.Out.WriteLine($"policies {view.Policy.Id} ({view.Policy.Sha256[..12]}…, file {view.Policy.File})");
        Console.Out.WriteLine(Used(view));
        if (Origin(view) is { } origin) Console.Out.WriteLine(origin);
        Section("Documents", view.Documents, d => [d.Name, $"v{d.Version}", d.Sha256, d.InForce ? d.Path : $"{d.Path} (replaced)"]);
        Section(
            "Decisions", [.. Timed(view.Decisions, events)],
            d => [d.What.Decision, d.What.Step, Shown.Time(d.At), .. Cells(d.What)]);
        Section("Gates", gates, g => [g.Status, g.GateId, $"{g.Metric} {g.Operator} {Number(g.Threshold) ?? "(no threshold)"}", Number(g.Value) ?? "", g.SegmentId ?? ""]);
        Section("Proposals", view.Proposals, p => [p.ProposalId ?? "", p.JobId, p.Spawned ? "spawned" : "", Words.Safe(p.Title)]);
        Section("Children", view.Children, c => [c]);
        Section("Reruns", view.Reruns ?? [], r => [r.JobId, r.Submitted ? "" : "not submitted yet", Words.Safe(r.By), Why(r)]);
        if (view.Failure is { Stderr: { } lines } failure) LastWords(failure.Stage, lines);
        if (NextStep(job) is { } next) Console.Out.WriteLine($"\n{next}");
        if (view.Waiting is not { } waiting) return;
        Console.Out.WriteLine();
        Console.Out.WriteLine($"Waits for a decision on {waiting.Step}. Look, then decide:");
        Console.Out.WriteLine($"  assay job document {job.JobId} {waiting.Document}");
        Console.Out.WriteLine($"  assay job approve {job.JobId} --step {waiting.Step} --hash {waiting.Sha256}");
        Console.Out.WriteLine($"  assay job reject {job.JobId} --step {waiting.Step} --hash {waiting.Sha256} --reason \"…\" [--replacement FILE]");
    }

    /// <summary>What a submission was bound to that was there before, in words; null when it was not.</summary>
    public static string? Bound(JobReceipt receipt) => receipt.ChangedComponents switch
    {
        null => null,
        { Length: 0 } => $"{receipt.JobId} was submitted before, under the same components",
        { } changed => $"{receipt.JobId} was submitted before, under other components ({string.Join(", ", changed)}): "
            + $"when it is DONE, assay job rerun {receipt.JobId} --components FILE runs it under these",
    };

    /// <summary>What a job came from; null for one that a person submitted.</summary>
    private static string? Origin(JobView view) => view switch
    {
        { Rerun: { } rerun } => $"rerun {rerun.Number} of {rerun.Of}, by {Words.Safe(rerun.By)}: {Why(rerun)}",
        { Job: { ParentJobId: { } parent } job } => $"generation {job.Generation}, spawned by {parent}, root {job.RootJobId}",
        _ => null,
    };

    private static string Why(RerunView rerun)
    {
        var stages = string.Join(", ", rerun.ChangedComponents);
        var changed = stages.Length == 0 ? "the same components" : $"other components ({stages})";
        return rerun.Reason is { } reason ? $"{Words.Safe(reason)} · {changed}" : changed;
    }

    private static void LastWords(string stage, IReadOnlyList<string> lines)
    {
        Console.Out.WriteLine($"\nThe last that {stage} wrote to its standard error:");
        foreach (var line in lines) Console.Out.WriteLine($"  {Words.Safe(line)}");
    }

    private static bool HasEnded(JobSummary job) => job.State is "DONE" or "REJECTED" or "ERROR" or "STOPPED_BUDGET" or "CANCELLED";

    /// <summary>What brings on a job that stands still, in words; null: nothing has to.</summary>
    private static string? NextStep(JobSummary job) => job.State switch
    {
        JobSummary.Interrupted => "The worker that advanced it is gone. It goes on with: assay worker --run-jobs",
        "ERROR" => $"Try its stage again: assay job retry {job.JobId} [--components FILE]",
        "STOPPED_BUDGET" => "A budget ended it: submit it again with a policy bundle of another name that allows more",
        _ => null,
    };

    private static string[] Cells(DecisionView decision) =>
        [$"{decision.Sha256[..12]}…", $"{Words.Safe(decision.By)} ({decision.Via})", Words.Safe(decision.Reason ?? "")];

    /// <summary>Each decision with the time at which it was recorded: the first approval is the first APPROVED, and so on.</summary>
    private static IEnumerable<(DecisionView What, DateTimeOffset At)> Timed(
        IReadOnlyList<DecisionView> decisions, IReadOnlyList<JobEventView> events) =>
        decisions.GroupBy(d => d.Decision, StringComparer.Ordinal)
            .SelectMany(kind => kind.Zip(events.Where(e => e.Type == kind.Key), (what, recorded) => (what, recorded.At)));

    private static void Section<T>(string heading, IReadOnlyList<T> items, Func<T, string[]> cells)
    {
        if (items.Count == 0) return;
        Console.Out.WriteLine();
        var rows = items.Select(cells).ToList();
        var table = new TextTable([heading.ToUpperInvariant(), .. Enumerable.Repeat("", rows[0].Length - 1)]);
        foreach (var row in rows) table.Add(row);
        table.Write(Console.Out);
    }

    private static string Standing(JobSummary job)
    {
        var where = job.State == "DONE" ? $", gates {job.Verdict}" : job.Step is { } step ? $" ({step})" : "";
        var why = job.Message is { } message ? $": {Words.Safe(message)}" : "";
        return $"{job.State}{where}{why}";
    }

    private static string Used(JobView view)
    {
        var time = Limit(view.Budget.MaxWallClockMs is { } ms ? Shown.Duration(ms) : null);
        var cost = Limit(view.Budget.MaxCostUsd is { } usd ? Usd.Text(usd) : null);
        return $"used {Shown.Duration(view.Job.WallClockMs)} of stages{time} · {Usd.Text(view.Job.CostUsd)}{cost}";
    }

    private static string? Number(decimal? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string Limit(string? limit) => limit is null ? "" : $" of {limit}";

    private static string Short(string title) => title.Length <= TitleWidth ? title : title[..(TitleWidth - 1)] + "…";
}
