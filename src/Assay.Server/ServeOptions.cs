using Assay.Jobs;

namespace Assay.Server;

/// <summary>What a server serves, where, and to whom.</summary>
public sealed record ServeOptions
{
    public const string DefaultUrl = "http://127.0.0.1:8460";

    /// <summary>Addresses to listen on.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>Names under which a reverse proxy or another machine may ask for it, beside its own addresses.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>PEM files for addresses with https.</summary>
    public string? CertificateFile { get; init; }

    public string? CertificateKeyFile { get; init; }

    /// <summary>Components and job root of what is submitted here.</summary>
    public required JobOptions Jobs { get; init; }

    /// <summary>Folder of the policy bundles that submissions may name by id, or one bundle.</summary>
    public required string Policies { get; init; }

    public required Security.WriteAuth WriteAuth { get; init; }

    /// <summary>Requests that write, a second, from one address; a burst may be ten times that.</summary>
    public int WritesPerSecond { get; init; } = 10;

    /// <summary>Requests that read, a second, from one address.</summary>
    public int ReadsPerSecond { get; init; } = 200;
}
