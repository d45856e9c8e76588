using System.Text.Json.Nodes;
using Assay.Observe;

namespace Assay.Tests.Tasks;

public sealed class RotatedLogTests
{
    [Fact]
    public void A_log_that_has_grown_is_moved_aside_and_the_oldest_goes()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Under("logs", "a.jsonl");
        var line = new JsonObject { ["text"] = new string('x', 4 << 20) };
        using (var log = new RotatedLog(folder.Path, "logs/a.jsonl"))
        {
            for (var i = 0; i < 30; i++) log.Write(line);
        }

        Assert.Equal(["a.jsonl", "a.jsonl.1", "a.jsonl.2", "a.jsonl.3", "a.jsonl.4", "a.jsonl.5"], Directory.EnumerateFiles(folder.Under("logs")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(File.ReadLines($"{path}.1"), l => Assert.NotNull(JsonNode.Parse(l)));
    }

    [Fact]
    public void A_log_that_cannot_be_written_does_not_end_the_work()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Under("logs"), "in the way");
        using var log = new RotatedLog(folder.Path, "logs/a.jsonl");
        log.Write([]);
        File.Delete(folder.Under("logs"));
        log.Write([]);
        Assert.Equal("{}\n", File.ReadAllText(folder.Under("logs", "a.jsonl")));
    }
}
