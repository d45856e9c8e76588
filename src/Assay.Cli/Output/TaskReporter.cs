using Assay.Engine.Streams;
using Assay.Observe;

namespace Assay.Cli.Output;

/// <summary>A line for each thing that happens in a run, while it happens.</summary>
internal sealed class TaskReporter(TextWriter output)
{
    private readonly Lock _gate = new();

    public void Observe(EngineNotice notice)
    {
        foreach (var news in TaskNews.From(notice)) Write(news.Word is null ? news.Text! : $"{news.Of,-14} {news.Word,-12} {news.Text}");
    }

    private void Write(string line)
    {
        lock (_gate) output.WriteLine(Words.Safe(line).TrimEnd());
    }
}
