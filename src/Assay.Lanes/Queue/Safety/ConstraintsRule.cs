using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Assay.Kernel.Json;
using Assay.Kernel.Trees;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What constraints must keep beyond their contract.</summary>
internal static class ConstraintsRule
{
    /// <summary>Everything that is wrong with constraints.</summary>
    /// <param name="document">The document.</param>
    /// <param name="constraints">What it says.</param>
    /// <param name="isThorough">
    /// Whether each pattern is made ready to be matched, which takes seconds for all and finds those that count too far. Else that is found when one is
    /// needed, and nothing is allowed then.
    /// </param>
    public static IEnumerable<InputProblem> Problems(InputDocument document, SafetyConstraints constraints, bool isThorough)
    {
        foreach (var (name, globs) in new[] { ("protected", constraints.Paths.Protected), ("secret", constraints.Paths.Secret) })
        {
            for (var i = 0; i < globs.Length; i++)
            {
                if (GlobPattern.Parse(globs[i]) is null) yield return document.Problem($"/paths/{name}/{i}", "glob", $"\"{globs[i]}\" is no pattern for paths of the tree");
            }
        }

        foreach (var (name, entries) in new[] { ("deny", constraints.Text.Deny), ("approval", constraints.Text.Approval) })
        {
            for (var i = 0; i < entries.Length; i++)
            {
                var at = $"/text/{name}/{i}";
                var isSqueezed = entries[i].Rule == DemandRule.Injection && entries[i].Pattern is not null;
                if (entries[i].Pattern is { } one && Broken(one, isThorough, isSqueezed) is { } why) yield return document.Problem($"{at}/pattern", "pattern", why);
                for (var p = 0; p < entries[i].All.Length; p++)
                {
                    if (Broken(entries[i].All[p], isThorough, isSqueezed: false) is { } what) yield return document.Problem($"{at}/all/{p}", "pattern", what);
                }
            }
        }

        var programs = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < constraints.Programs.Length; i++)
        {
            if (!programs.Add(constraints.Programs[i].Program)) yield return document.Problem($"/programs/{i}/program", "unique", $"{constraints.Programs[i].Program} is listed twice");
        }

        foreach (var (use, at) in Uses(constraints))
        {
            var options = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < use.Options.Length; i++)
            {
                if (!options.Add(ProgramUse.NameOf(use.Options[i]))) yield return document.Problem($"{at}/options/{i}", "unique", $"{use.Options[i]} is listed twice");
            }

            for (var i = 0; i < use.DeniedText.Length; i++)
            {
                if (Broken(use.DeniedText[i], isThorough: true, isSqueezed: false) is { } why) yield return document.Problem($"{at}/denied_text/{i}", "pattern", why);
            }
        }

        var scripts = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < constraints.Scripts.Length; i++)
        {
            if (!scripts.Add(constraints.Scripts[i].Path)) yield return document.Problem($"/scripts/{i}/path", "unique", $"{constraints.Scripts[i].Path} is listed twice");
        }
    }

    private static IEnumerable<(UseEntry Use, string At)> Uses(SafetyConstraints constraints)
    {
        for (var i = 0; i < constraints.Scripts.Length; i++) yield return (constraints.Scripts[i], $"/scripts/{i}");
        for (var i = 0; i < constraints.Programs.Length; i++)
        {
            var at = $"/programs/{i}";
            yield return (constraints.Programs[i], at);
            foreach (var (name, use) in constraints.Programs[i].Subcommands ?? ImmutableDictionary<string, UseEntry>.Empty) yield return (use, $"{at}/subcommands/{name}");
        }
    }

    private static string? Broken(string pattern, bool isThorough, bool isSqueezed)
    {
        try
        {
            TextPattern.Look(pattern);
            foreach (var form in TextPattern.Forms(isSqueezed))
            {
                if (isThorough) TextPattern.Compile(form(pattern));
                else TextPattern.Look(form(pattern));
            }

            return null;
        }
        catch (RegexParseException e)
        {
            return $"is no regular expression: {e.Message}";
        }
        catch (NotSupportedException)
        {
            return "looks around, refers back, or counts too far to be matched in bounded time; give its parts as \"all\": […]";
        }
    }
}
