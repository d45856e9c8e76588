using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Lanes.Jobs;

namespace Assay.Tests.Jobs;

public sealed class JobViewsTests
{
    private static readonly StageRun Run = new("stage/gates", 1, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), null, null, default);

    [Fact]
    public void Attempts_that_found_no_place_on_the_list_are_counted_where_the_list_stands_and_where_it_is_empty()
    {
        var view = JobViews.Stage(Run with { Egress = new Egress([], 7) }, new HashSet<string>());
        Assert.Equal((null, 7), (view.Egress, view.EgressUnlisted));
        Assert.Contains("\"egress_unlisted\": 7", JsonSerializer.Serialize(view, JobViewJson.Shared.StageView), StringComparison.Ordinal);
        var none = JsonSerializer.Serialize(JobViews.Stage(Run, new HashSet<string>()), JobViewJson.Shared.StageView);
        Assert.DoesNotContain("egress", none, StringComparison.Ordinal);
    }
}
