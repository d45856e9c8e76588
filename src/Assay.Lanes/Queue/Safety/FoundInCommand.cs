using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What is found in the words of a command, while they are judged.</summary>
internal sealed class FoundInCommand(ImmutableArray<string> words, string where)
{
    private readonly ImmutableArray<SafetyFinding>.Builder _found = ImmutableArray.CreateBuilder<SafetyFinding>();

    public bool IsRefused => _found.Count > 0;

    /// <summary>A word that breaks a rule.</summary>
    public void Add(int at, string rule)
    {
        var check = rule == SafetyRules.Network ? SafetyChecks.Network : SafetyChecks.Command;
        var word = at < words.Length ? words[at] : "";
        _found.Add(new SafetyFinding(check, SafetyVerdict.Deny, rule, string.Create(CultureInfo.InvariantCulture, $"{where}/{at}"), BoundedPart.Of(word)));
    }

    /// <summary>The answer, with one more word that breaks a rule.</summary>
    public JudgedCommand Refuse(int at, string rule)
    {
        Add(at, rule);
        return Answer(null);
    }

    /// <summary>The answer.</summary>
    /// <param name="use">What is listed of the program; null: nothing.</param>
    public JudgedCommand Answer(UseEntry? use)
    {
        if (!IsRefused && use is { NeedsApproval: true })
        {
            _found.Add(new SafetyFinding(
                SafetyChecks.Command, SafetyVerdict.NeedsApproval, SafetyRules.NeedsApproval, $"{where}/0", BoundedPart.Of(string.Join(' ', words.Take(2)))));
        }

        return new JudgedCommand(_found.ToImmutable(), use?.Effect);
    }
}

/// <summary>What is wrong with a command; nothing, when it may start.</summary>
internal sealed record JudgedCommand(ImmutableArray<SafetyFinding> Findings, SafetyEffect? Effect);
