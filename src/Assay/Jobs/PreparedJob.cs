using Assay.Kernel.Json;
using Assay.Lanes.Jobs;

namespace Assay.Jobs;

/// <summary>
/// A blueprint or an idea with everything that it refers to, read once and checked. What runs is what was read, whatever happens to the files
/// afterwards.
/// </summary>
public sealed class PreparedJob
{
    private PreparedJob(JobSubmitted job) => Job = job;

    /// <summary>The job that it makes.</summary>
    public string JobId => Job.Job.JobId;

    internal JobSubmitted Job { get; }

    /// <summary>What is made of a document under the policy bundle in a file.</summary>
    internal static Checked<PreparedJob> Of(string bundlePath, Func<JobLoader.Bundle, Checked<JobSubmitted>> load)
    {
        var bundle = JobLoader.ReadBundle(bundlePath);
        if (!bundle.IsValid) return Checked<PreparedJob>.Refused(bundle.Problems);
        var job = load(bundle.Value);
        return job.IsValid ? new PreparedJob(job.Value) : Checked<PreparedJob>.Refused(job.Problems);
    }
}
