using Assay.Jobs;
using Assay.Kernel.Json;

namespace Assay.Server.Api.Jobs;

/// <summary>The policy bundles that a submission may name by id. A request never names a path.</summary>
/// <param name="place">A folder of bundles, or one bundle.</param>
internal sealed class PolicyShelf(string place)
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>The file of a bundle, or why there is none.</summary>
    /// <param name="id">The bundle's id; null: the only one there is.</param>
    public Checked<string> Find(string? id)
    {
        var files = File.Exists(place)
            ? [place]
            : Directory.Exists(place) ? Directory.GetFiles(place).Where(f => Extensions.Contains(Path.GetExtension(f))).Order(StringComparer.Ordinal).ToArray() : [];
        var known = files.Select(f => (Path: f, Id: JobService.BundleId(f))).Where(b => b.Id is not null).ToList();
        if (id is null && known.Count == 1) return known[0].Path;
        var found = known.Where(b => b.Id == id).ToList();
        if (found.Count == 1) return found[0].Path;
        var names = known.Count == 0 ? "this server has none" : $"this server has {string.Join(", ", known.Select(b => b.Id))}";
        var problem = id is null ? $"name a policy bundle: {names}" : found.Count == 0 ? $"there is no policy bundle {id}: {names}" : $"{id} is the id of several bundles";
        return new InputProblem("request", "", "policy_bundle_id", problem);
    }
}
