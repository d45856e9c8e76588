using Assay.Kernel.Effects;

namespace Assay.Engine.Performers.Trees;

/// <summary>Of which trees it is noted beside the copies how they lie there.</summary>
internal static class TreeNames
{
    /// <summary>The tree that was copied.</summary>
    public const string Origin = "origin";

    /// <summary>The copy to work in, untouched.</summary>
    public const string Work = CopyOutcome.WorkName;

    /// <summary>The copy that stays as it was.</summary>
    public const string Base = CopyOutcome.BaseName;

    /// <summary>The same with the change, as each test is to find it.</summary>
    public const string Tested = "tested";
}
