using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Private keys and tokens of forms that are known.</summary>
internal static class SecretText
{
    private static readonly Regex Form = BoundedPattern.Of(
        """
        -----BEGIN\ [A-Z0-9 ]*PRIVATE\ KEY( BLOCK)?-----[A-Za-z0-9+/=\s,:]*
        | \b(AKIA|ASIA)[0-9A-Z]{16}\b
        | \bgh[pousr]_[A-Za-z0-9]{36,}
        | \bgithub_pat_[A-Za-z0-9_]{22,}
        | \bglpat-[A-Za-z0-9_-]{20,}
        | \bsk-(ant-|proj-|or-)?[A-Za-z0-9_-]{20,}
        | \b[sr]k_(live|test)_[0-9A-Za-z]{16,}
        | \bxox[abeoprs]-[A-Za-z0-9-]{10,}
        | \bAIza[0-9A-Za-z_-]{35}
        | \bnpm_[A-Za-z0-9]{36}
        | \bhf_[A-Za-z0-9]{30,}
        | \bdop_v1_[0-9a-f]{64}
        | \bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
        | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}
        | \bya29\.[A-Za-z0-9_-]{20,}
        | \bAGE-SECRET-KEY-1[0-9A-Z]{50,}
        | ://[^/\s:@]{1,64}:[^/\s:@]{3,128}@
        """,
        RegexOptions.IgnorePatternWhitespace);

    private const char Masked = '•';

    /// <summary>Whether a text holds a secret of a known form.</summary>
    public static bool IsIn(string text) => Form.IsMatch(text);

    /// <summary>A text of the same length without its secrets.</summary>
    public static string Mask(string text) => Form.Replace(text, static m => new string(Masked, m.Length));
}
