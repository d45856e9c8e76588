using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Jobs;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;

namespace Assay.Bench;

/// <summary>A list of 100,000 jobs: pages of it from the service, over the API, and as HTML.</summary>
internal static class JobsBench
{
    private const int Jobs = 100_000;
    private const int Requests = 200;
    private const string Url = "http://127.0.0.1:8479";

    private static readonly Actor Somebody = new("bench", "cli");

    public static async Task RunAsync(Report report, string folder)
    {
        await FillAsync(folder);
        await using (var workspace = await Workspace.OpenAsync(folder, KnownLanes.All))
        {
            var service = await JobService.OpenAsync(workspace, TimeProvider.System);
            var middle = (await service.ListAsync(new JobFilter(), null, Jobs / 2))[^1];
            report.Table("A page of 50 of 100,000 jobs, from the service (median)", "ms");
            var byId = await MedianAsync(() => workspace.Store.RowAsync(JobTables.Jobs, middle.JobId).AsTask());
            report.Row("a job by its id", byId, "0.000");
            report.Row("the first page", await MedianAsync(() => service.ListAsync(new JobFilter(), null, 50)), "0.000");
            var inTheMiddle = await MedianAsync(() => service.ListAsync(new JobFilter(), (middle.SubmittedAt, middle.JobId), 50));
            report.Row("a page in the middle", inTheMiddle, "0.000");
            var rare = new JobFilter { State = "CANCELLED" };
            report.Row("the first page of a rare state", await MedianAsync(() => service.ListAsync(rare, null, 50)), "0.000");
            report.Row("how many there are in each state", await MedianAsync(service.CountsAsync), "0.000");
        }

        using var server = Process.Start(new ProcessStartInfo("./assay", ["serve", "--urls", Url, "--workspace", folder]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = await server.StandardOutput.ReadLineAsync();
        using var client = new HttpClient { BaseAddress = new Uri(Url) };
        report.Table("The same over HTTP, one request at a time (median)", "ms");
        foreach (var (path, what) in new[] { ("/healthz", "an answer that reads nothing"), ("/jobs", "GET /jobs"), ("/jobs?state=CANCELLED", "GET /jobs of a rare state"), ("/ui/jobs", "the page, with its counts") })
        {
            report.Row(what, await MedianAsync(() => client.GetStringAsync(path)));
        }

        server.Kill();
        await server.WaitForExitAsync();
    }

    /// <summary>Submits the jobs through the lane; their files are left out, since no list reads them.</summary>
    private static async Task FillAsync(string folder)
    {
        await using var workspace = await Workspace.OpenAsync(folder, KnownLanes.All);
        await WorkspaceTables.ReadyAsync(workspace);
        await Parallel.ForEachAsync(Enumerable.Range(0, Jobs), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            var job = Job(i);
            var pending = new StreamMachine(JobLane.Instance, JobLane.StreamOf(job.JobId)).Prepare(DateTimeOffset.UtcNow.AddSeconds(-i));
            pending.Decide(new SubmitJob(new BlueprintSubmitted(job, Somebody)));
            if (i % 100 == 0) pending.Decide(new CancelJob(Somebody, null));
            await workspace.Store.CommitAsync(pending.ToCommit(fence: null));
        });
    }

    private static JobDeclaration Job(int number)
    {
        var identity = Digest.Of(number.ToString(CultureInfo.InvariantCulture));
        DocumentRef Document(string name) => new(name, 1, $"{name}.json", identity, 100, $"{name}_v1");
        return new JobDeclaration
        {
            JobId = JobIdentity.Short(identity),
            Kind = JobKind.Blueprint,
            SpecSha256 = identity,
            Spec = Document("job_spec"),
            Input = Document("blueprint"),
            Title = $"Job {number} of the benchmark",
            SnapshotId = "bench",
            Bundle = new PolicyBundleRef("/policies.yaml", "bench", identity),
            Policies = Document("policies"),
            Budget = new JobBudget(),
            PolicyNames = [],
            HoldoutMetrics = [],
            Components = ImmutableSortedDictionary.Create<string, ComponentBinding>(StringComparer.Ordinal),
            Lineage = JobLineage.Root,
        };
    }

    private static async Task<double> MedianAsync(Func<Task> measured)
    {
        var times = new List<double>();
        for (var i = 0; i < Requests; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await measured();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return times[Requests / 2];
    }
}
