using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What was judged, and how. It goes with the task for ever.</summary>
/// <param name="Verdict">The worst of all checks.</param>
/// <param name="ConstraintsSha256">The constraints by which it was judged; null: there were none that could be used, so nothing may start.</param>
/// <param name="Effect">Of a command that is listed; null: of everything else.</param>
/// <param name="Checks">What each check found; one that found nothing stands there as allowed.</param>
public sealed record SafetyReport(SafetyVerdict Verdict, Digest? ConstraintsSha256, SafetyEffect? Effect, ImmutableArray<SafetyFinding> Checks);

/// <summary>What one check found.</summary>
/// <param name="Check">Its name.</param>
/// <param name="Verdict">What follows.</param>
/// <param name="Rule">The rule that was broken; null: none.</param>
/// <param name="Where">JSON pointer of the value in the task.</param>
/// <param name="Shown">The part that broke it, without what must not be shown.</param>
public sealed record SafetyFinding(string Check, SafetyVerdict Verdict, string? Rule = null, string? Where = null, string? Shown = null);

/// <summary>The names of the checks, in the order in which they are made.</summary>
internal static class SafetyChecks
{
    public const string Constraints = "constraints";
    public const string Text = "text";
    public const string Workspace = "workspace";
    public const string Network = "network";
    public const string Command = "command";
}

/// <summary>The rules that are the same for every project; those of texts stand in its constraints.</summary>
internal static class SafetyRules
{
    public const string ConstraintsUnavailable = "constraints_unavailable";
    public const string HiddenText = "hidden_text";
    public const string SecretInText = "secret_in_text";
    public const string ShellSyntax = "shell_syntax";
    public const string NotListed = "not_listed";
    public const string TooLong = "too_long";
    public const string OutsideRoot = "outside_root";
    public const string ProtectedPath = "protected_path";
    public const string SecretPath = "secret_path";
    public const string NeedsWorkingTree = "needs_working_tree";
    public const string Network = "network";
    public const string NeedsApproval = "needs_approval";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SafetyReport))]
[JsonSerializable(typeof(SafetyConstraints))]
internal sealed partial class SafetyJson : JsonSerializerContext;
