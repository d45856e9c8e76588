using Assay.Lanes.Jobs;

namespace Assay.Server.Pages.Jobs;

/// <summary>Where the jobs of a family are drawn: a column a generation, children below each other.</summary>
public sealed class LineageLayout
{
    public const int NodeWidth = 190;
    public const int NodeHeight = 46;

    private const int ColumnWidth = 240;
    private const int RowHeight = 60;
    private const int Margin = 6;

    private readonly List<LineageNode> _nodes = [];
    private int _rows;

    private LineageLayout()
    {
    }

    public IReadOnlyList<LineageNode> Nodes => _nodes;

    /// <summary>SVG paths from parent to child.</summary>
    public IReadOnlyList<string> Edges { get; private init; } = [];

    public int Width => _nodes.Max(n => n.X) + NodeWidth + Margin;

    public int Height => (_rows * RowHeight) + Margin;

    public static LineageLayout Of(IReadOnlyList<JobSummary> family)
    {
        var edges = new List<string>();
        var layout = new LineageLayout { Edges = edges };
        var known = family.Select(j => j.JobId).ToHashSet(StringComparer.Ordinal);
        foreach (var root in family.Where(j => j.ParentJobId is null || !known.Contains(j.ParentJobId))) layout.Place(root, family, 0, null, edges);
        return layout;
    }

    private void Place(JobSummary job, IReadOnlyList<JobSummary> family, int column, LineageNode? parent, List<string> edges)
    {
        var node = new LineageNode(job, Margin + (column * ColumnWidth), Margin + (_rows * RowHeight));
        _nodes.Add(node);
        if (parent is not null) edges.Add(Edge(parent, node));

        var children = family.Where(j => j.ParentJobId == job.JobId).ToList();
        foreach (var child in children) Place(child, family, column + 1, node, edges);
        if (children.Count == 0) _rows++;
    }

    private static string Edge(LineageNode parent, LineageNode child)
    {
        var (startX, startY) = (parent.X + NodeWidth, parent.Y + (NodeHeight / 2));
        var (endX, endY) = (child.X, child.Y + (NodeHeight / 2));
        return $"M{startX} {startY} C{endX - 20} {startY} {startX + 20} {endY} {endX} {endY}";
    }
}

/// <summary>A job and where it is drawn.</summary>
public sealed record LineageNode(JobSummary Job, int X, int Y);
