using System.Security.Cryptography;
using System.Text;

namespace Assay.Server.Security;

/// <summary>Who may write.</summary>
public abstract record WriteAuth
{
    private WriteAuth()
    {
    }

    /// <summary>
    /// Whoever can read the operator's token in the workspace: the operating system's user. Being on loopback is no credential, since work that Assay runs
    /// is there too (ruling 4).
    /// </summary>
    /// <param name="Token">The token.</param>
    /// <param name="Person">Whose token it is.</param>
    public sealed record Off(string Token, string Person) : WriteAuth
    {
        /// <summary>Without the token.</summary>
        public override string ToString() => "off";
    }

    /// <summary>Whoever knows name and password, over TLS or on loopback.</summary>
    public sealed record Basic(string User, string Password) : WriteAuth
    {
        /// <summary>Without the password.</summary>
        public override string ToString() => "basic";
    }

    /// <summary>Reads ASSAY_WRITE_AUTH_MODE, _USER and _PASS (EAM_… is accepted too), and takes them out of the environment, where others would see them.</summary>
    /// <param name="token">The operator's token, for the mode <c>off</c>.</param>
    /// <param name="problem">Why there is none.</param>
    public static WriteAuth? FromEnvironment(Func<string> token, out string? problem)
    {
        var mode = Take("WRITE_AUTH_MODE") ?? "off";
        var user = Take("WRITE_AUTH_USER");
        var password = Take("WRITE_AUTH_PASS");
        problem = mode switch
        {
            "off" => null,
            "basic" when string.IsNullOrEmpty(user) || string.IsNullOrEmpty(password) => "ASSAY_WRITE_AUTH_MODE=basic needs ASSAY_WRITE_AUTH_USER and ASSAY_WRITE_AUTH_PASS",
            "basic" when user.Contains(':', StringComparison.Ordinal) => "ASSAY_WRITE_AUTH_USER may not hold a colon",
            "basic" => null,
            _ => $"ASSAY_WRITE_AUTH_MODE={mode}: it is off or basic",
        };
        if (problem is not null) return null;
        return mode == "off" ? new Off(token(), Environment.UserName) : new Basic(user!, password!);
    }

    /// <summary>Compares without telling by the time it takes where two texts differ.</summary>
    public static bool Same(string given, string expected) => CryptographicOperations.FixedTimeEquals(Hash(given), Hash(expected));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The variable under its own name, else under the seed's. Both are taken.</summary>
    private static string? Take(string name)
    {
        var seeds = SecretVariable.Take($"EAM_{name}");
        return SecretVariable.Take($"ASSAY_{name}") ?? seeds;
    }
}
