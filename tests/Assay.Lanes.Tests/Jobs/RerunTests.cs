using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;

namespace Assay.Tests.Jobs;

/// <summary>A job that is done, run again.</summary>
public sealed class RerunTests
{
    private const string BlueprintSpec =
        """
        {
          "schema_version": "job_spec_v1", "snapshot_id": "s", "policy_bundle_id": "p",
          "blueprint": { "schema_version": "blueprint_v1" }, "extensions": { "note": 1 }
        }
        """;

    [Fact]
    public void A_rerun_is_a_job_of_its_own_in_the_same_family_and_no_spawn()
    {
        var story = Done();
        Assert.IsType<Decision.Accepted>(story.Put(Rerun("mended", Mended(story))));
        var again = Submitted(story);
        Assert.NotEqual(story.State.Job.JobId, again.JobId);
        Assert.Equal(JobIdentity.Short(again.SpecSha256), again.JobId);
        Assert.Equal(
            ("0123456789ab", "0123456789ab", 0), (again.Lineage.RootJobId, again.Lineage.ParentJobId, again.Lineage.Generation));
        Assert.Equal((1, "mended"), (again.Lineage.Rerun!.Number, again.Lineage.Rerun.Reason));
        Assert.Equal(["gates"], again.Lineage.Rerun.Changed);
        Assert.Equal(story.State.Job.Input, again.Input);
        story.Told(new SubmitAnswer(JobPhase.Active));
        Assert.Equal((JobPhase.Done, 0L, 0), (story.State.Phase, story.State.Counters.Spawned, story.State.ToRerun.Length));
        Assert.IsType<Work.Finished>(story.Fold.Next());
    }

    [Fact]
    public void The_specification_of_a_rerun_keeps_its_contract_and_says_why_in_its_lineage()
    {
        var story = Done();
        story.Put(Rerun("mended", null));
        var requested = story.Attached.OfType<JobRerunRequested>().Single();
        var spec = JsonDocument.Parse(requested.Attached!.Single().Bytes).RootElement;
        Assert.Empty(ContractCatalog.Validate("job_spec_v1", spec));
        var extensions = spec.GetProperty("extensions");
        Assert.Equal(1, extensions.GetProperty("note").GetInt32());
        Assert.Equal("mended", extensions.GetProperty("lineage").GetProperty("rerun_reason").GetString());
        Assert.Equal(JobIdentity.Job(JsonObject.Create(spec)!, story.State.Job.Bundle.Sha256), requested.Job.SpecSha256);
    }

    [Fact]
    public void Each_rerun_is_another_job_and_one_of_a_rerun_stays_in_the_family()
    {
        var story = Done();
        story.Put(Rerun(null, null));
        story.Put(Rerun(null, null));
        var ids = story.State.Reruns.Select(r => r.Job.JobId).ToList();
        Assert.Equal(2, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([1, 2], story.State.Reruns.Select(r => r.Job.Lineage.Rerun!.Number));
        var second = Done(story.State.Reruns[1].Job);
        second.Put(Rerun(null, null));
        Assert.Equal(("0123456789ab", ids[1]), (Submitted(second).Lineage.RootJobId, Submitted(second).Lineage.ParentJobId));
    }

    [Fact]
    public void Only_a_job_that_is_done_is_run_again()
    {
        var story = JobStory.Of(JobKind.Blueprint);
        Assert.Equal("not_done", ((Decision.Refused)story.Put(Rerun(null, null))).Refusal.Kind.Code);
        story.Stage(JobStory.Runspec);
        Assert.Equal("not_done", ((Decision.Refused)story.Put(Rerun(null, null))).Refusal.Kind.Code);
    }

    [Fact]
    public void The_line_of_a_rerun_is_of_the_version_that_knows_it_and_the_others_keep_theirs()
    {
        var story = Done();
        story.Put(Rerun("mended", Mended(story)));
        var state = JobState.Initial;
        foreach (var recorded in story.Recorded)
        {
            state = state.Evolve(recorded);
            foreach (var line in JobLane.Instance.Lines(state, recorded))
            {
                var version = recorded.Body is JobRerunRequested ? "job_event_v3" : "job_event_v2";
                Assert.Empty(ContractCatalog.Validate(version, JsonDocument.Parse(line.Bytes).RootElement));
            }
        }
    }

    [Fact]
    public void A_submission_that_exists_says_what_it_is_bound_to()
    {
        var story = Done();
        var now = story.State.Job with { Components = Mended(story) };
        var receipt = JobViews.Existing(story.State, now);
        Assert.Equal(["gates"], receipt.ChangedComponents!.Value);
        Assert.Equal(story.State.Job.Components["gates"].Sha256.ToString(), receipt.Components!["gates"]);
        Assert.Empty(JobViews.Existing(story.State, story.State.Job).ChangedComponents!.Value);
    }

    private static RerunJob Rerun(string? reason, ImmutableSortedDictionary<string, ComponentBinding>? components) =>
        new(JsonDocument.Parse(BlueprintSpec).RootElement, JobStory.Ada, reason, components);

    private static ImmutableSortedDictionary<string, ComponentBinding> Mended(JobStory story)
    {
        var components = story.State.Job.Components;
        return components.SetItem(JobStages.Gates, components[JobStages.Gates] with { Sha256 = Digest.Of("mended") });
    }

    private static JobDeclaration Submitted(JobStory story) => ((SubmitJob)((Kernel.Effects.ChildStream)story.Asked()).Command).Job.Job;

    private static JobStory Done(JobDeclaration? job = null)
    {
        var story = job is null ? JobStory.Of(JobKind.Blueprint) : JobStory.Of(job);
        story.Stage(JobStory.Runspec).Approve("runspec").Run().Stage(JobStory.Holdouts).Stage(JobStory.Gates);
        var card = $$"""{"schema_version":"registry_card_v1","title":"c","run_id":"{{story.State.Run!.RunId}}"}""";
        return story.Stage(card).Told(new TrialAnswer(1));
    }
}
