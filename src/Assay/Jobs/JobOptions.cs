namespace Assay.Jobs;

/// <summary>Where submissions find what they refer to.</summary>
public sealed record JobOptions
{
    /// <summary>The components that new jobs are bound to.</summary>
    public required string ComponentsPath { get; init; }

    /// <summary>Folder of the jobs; null: <c>jobs/</c> of the workspace.</summary>
    public string? JobRoot { get; init; }

    /// <summary>
    /// Where the arguments are silent, reads ASSAY_COMPONENTS, ASSAY_JOB_ROOT, and without that takes <c>jobs/</c> of ASSAY_ARTIFACT_ROOT;
    /// EAM_JOB_ROOT and EAM_ARTIFACT_ROOT are accepted too.
    /// </summary>
    public static JobOptions From(string? components, string? jobRoot) => new()
    {
        ComponentsPath = components ?? Variable("ASSAY_COMPONENTS") ?? "components.json",
        JobRoot = jobRoot ?? Either("JOB_ROOT") ?? (Either("ARTIFACT_ROOT") is { } artifacts ? Path.Combine(artifacts, "jobs") : null),
    };

    private static string? Either(string name) => Variable($"ASSAY_{name}") ?? Variable($"EAM_{name}");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
