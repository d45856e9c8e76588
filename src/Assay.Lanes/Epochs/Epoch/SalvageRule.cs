using Assay.Kernel.Effects;

namespace Assay.Lanes.Epochs;

/// <summary>What of a failed crucible's remains can be used, and why not.</summary>
internal static class SalvageRule
{
    public static CrucibleSalvaged Judge(CrucibleState crucible, FilesOutcome files) => new(
        crucible.Declared.CrucibleId,
        [.. files.Files.Select(f => Judge(crucible, f))],
        files.Complete);

    private static SalvagedFile Judge(CrucibleState crucible, CollectedFile file)
    {
        var reason = Reason(crucible, file);
        return new SalvagedFile(crucible.Declared.CrucibleId, file.Name, file.Sha256, file.SizeBytes, reason is null, reason ?? "complete");
    }

    private static string? Reason(CrucibleState crucible, CollectedFile file)
    {
        if (file.Problem is { } problem) return problem;
        if (file.SizeBytes == 0) return "empty";
        foreach (var captured in new[] { crucible.Run?.Stdout, crucible.Run?.Stderr }.OfType<Captured>())
        {
            if (captured.Truncated && file.Name.EndsWith(captured.File, StringComparison.Ordinal)) return "cut at its cap";
        }

        if (crucible.Run is null) return "the run was interrupted while it may have been writing this";
        return crucible.Run.KillReason is not null ? "the run was killed while it may have been writing this" : null;
    }
}
