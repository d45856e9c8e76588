using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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

            if (url.Host != "localhost" && !IPAddress.TryParse(url.Host.Trim('[', ']'), out _))
            {
                return $"{url}: name an IP address of this machine, or localhost";
            }

            if (url.Scheme == "https" && Unusable(options) is { } why) return $"{url}: {why}";
            if (HostGuard.IsLoopback(url)) continue;
            if (options.WriteAuth is WriteAuth.Off) return $"{url} is not loopback: that needs ASSAY_WRITE_AUTH_MODE=basic with _USER and _PASS";
            if (url.Scheme == "http") return $"{url} is not loopback: passwords would cross the network in the clear; use https";
        }

        return null;
    }

    /// <summary>An address on which another process listens already; null when all are free.</summary>
    public static string? Taken(ServeOptions options)
    {
        foreach (var url in options.Urls.Where(u => u.Port != 0))
        {
            var address = url.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(url.Host.Trim('[', ']'));
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(address, url.Port));
                probe.Listen(1);
            }
            catch (SocketException e)
            {
                return e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"{url}: another process listens there already: end it, or name another port with --urls"
                    : $"{url}: {e.Message}: name another address with --urls";
            }
        }

        return null;
    }

    /// <summary>Why the certificate cannot be used; null when it can.</summary>
    private static string? Unusable(ServeOptions options)
    {
        try
        {
            using var loaded = X509Certificate2.CreateFromPemFile(options.CertificateFile!, options.CertificateKeyFile);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return $"the certificate cannot be used: {e.Message}";
        }
    }
}
