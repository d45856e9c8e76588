using Assay.Engine.Performers.Trees;

namespace Assay.Engine;

/// <summary>Looks at a tree before anything is begun, for what would let all work on it be in vain.</summary>
public static class TreePreflight
{
    /// <summary>Why git will not work where a tree lies, so that copies and changes of it could not be made; null when it will.</summary>
    /// <param name="tree">The tree's absolute path. Nothing in it is changed.</param>
    public static string? Problem(string tree)
    {
        try
        {
            GitRepository.Is(tree);
            GitRepository.ExpectRules(tree);
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
