using Assay.Host;
using Assay.Server.Security;

namespace Assay.Server;

/// <summary>Where a server may listen: on loopback, and elsewhere only with write auth and TLS.</summary>
public static class ListenRule
{
    /// <summary>Why a server may not listen so; null when it may.</summary>
    public static string? Problem(ServeOptions options)
    {
        if (OpenFiles.Limits().Soft is var descriptors and < ConnectionGate.LeastDescriptors)
        {
            return $"this process may hold {descriptors} files open, and serving needs {ConnectionGate.LeastDescriptors}: raise ulimit -n";
        }

        foreach (var url in options.Urls)
        {
            if (url.Scheme is not ("http" or "https")) return $"{url}: only http and https are served";
            if (url.AbsolutePath != "/") return $"{url}: an address to listen on has no path";
            if (url.Scheme == "https" && (options.CertificateFile is null || options.CertificateKeyFile is null))
            {
                return $"{url}: https needs --certificate and --certificate-key";
            }

            if (HostGuard.IsLoopback(url)) continue;
            if (options.WriteAuth is WriteAuth.Off) return $"{url} is not loopback: that needs ASSAY_WRITE_AUTH_MODE=basic with _USER and _PASS";
            if (url.Scheme == "http") return $"{url} is not loopback: passwords would cross the network in the clear; use https";
        }

        return null;
    }
}
