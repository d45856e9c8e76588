namespace Assay.Kernel.Effects;

/// <summary>What stands beside a verdict when the cage was open.</summary>
public static class CageNote
{
    /// <summary>Nothing kept a program away from the machine.</summary>
    public const string Uncaged = "UNCAGED";

    /// <summary>A program had the host's own network, of which nothing is held or recorded: <c>network: all</c>.</summary>
    public const string NetworkOpen = "NETWORK OPEN";

    /// <summary>The word for what was open, the wider one first; null: nothing was.</summary>
    public static string? Of(bool isUncaged, bool isNetworkOpen) => isUncaged ? Uncaged : isNetworkOpen ? NetworkOpen : null;
}
