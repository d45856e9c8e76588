namespace Assay.Lanes.Tasks;

/// <summary>
/// The files of the keys that the adapters of a run name. Assay reads them in the place of the work; no work of the run does, however wide
/// its <c>reads</c> are and wherever in its tree they lie.
/// </summary>
internal static class KeyRule
{
    /// <summary>The key of one adapter; empty where it names none.</summary>
    public static IEnumerable<string> Of(AdapterSpec adapter) =>
        new[] { adapter.Agent?.ApiKeyFile, adapter.Model?.ApiKeyFile }.OfType<string>();

    /// <summary>The keys of all adapters of a run, as absolute paths.</summary>
    public static IEnumerable<string> Of(ExecutionState state) => state.Adapters.Values.SelectMany(Of).Distinct(StringComparer.Ordinal);

    /// <summary>Those in a tree, relative to it.</summary>
    public static IEnumerable<string> In(ExecutionState state, string tree)
    {
        var folder = $"{tree.TrimEnd('/')}/";
        return Of(state).Where(k => k.StartsWith(folder, StringComparison.Ordinal)).Select(k => k[folder.Length..]);
    }
}
