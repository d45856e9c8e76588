namespace Assay.Jobs;

/// <summary>Where submissions find what they refer to.</summary>
public sealed record JobOptions
{
    /// <summary>The components that new jobs are bound to.</summary>
    public required string ComponentsPath { get; init; }

    /// <summary>Folder of the jobs; null: <c>jobs/</c> of the workspace.</summary>
    public string? JobRoot { get; init; }

    /// <summary>Reads ASSAY_COMPONENTS and ASSAY_JOB_ROOT (EAM_JOB_ROOT is accepted too) where the arguments are silent.</summary>
    public static JobOptions From(string? components, string? jobRoot) => new()
    {
        ComponentsPath = components ?? Variable("ASSAY_COMPONENTS") ?? "components.json",
        JobRoot = jobRoot ?? Variable("ASSAY_JOB_ROOT") ?? Variable("EAM_JOB_ROOT"),
    };

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
