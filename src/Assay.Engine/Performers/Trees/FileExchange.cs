using Assay.Kernel.Trees;

namespace Assay.Engine.Performers.Trees;

/// <summary>A file of a tree that gets another content, comes, or goes.</summary>
/// <param name="Path">Its path in the tree.</param>
/// <param name="Beside">Where what comes lies before, and what was there lies after; a path in the tree as well.</param>
/// <param name="Was">What stood there when it was planned; null: nothing.</param>
/// <param name="To">What shall stand there; null: nothing.</param>
internal sealed record FileExchange(string Path, string Beside, FileVersion? Was, FileVersion? To);
