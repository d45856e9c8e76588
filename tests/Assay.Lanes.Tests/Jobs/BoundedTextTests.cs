using Assay.Lanes.Jobs;

namespace Assay.Tests.Jobs;

public sealed class BoundedTextTests
{
    [Fact]
    public void A_component_that_makes_a_long_story_of_it_still_fits_an_event()
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage("{}", o => o with { ChangedInputs = [.. Enumerable.Range(0, 40).Select(_ => string.Concat(Enumerable.Repeat("😀", 250)))] });
        Assert.InRange(story.State.Failure!.Message.Length, 1_999, 2_000);
        Assert.False(char.IsHighSurrogate(story.State.Failure.Message[^2]));
    }
}
