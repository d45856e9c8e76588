using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Assay.Kernel.Values;

namespace Assay.Cli;

/// <summary>
/// Options whose value is checked while the command line is read, with one sentence for what is wrong. Numbers are written as in C,
/// whatever the locale.
/// </summary>
internal static class CheckedOption
{
    /// <summary>A whole number within a range.</summary>
    public static Option<int> Whole(string[] names, string description, int standard, int least, int most) => new(names[0], names[1..])
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => standard,
        CustomParser = result => Number(result, names[0], "a whole number", least, most, NumberStyles.None) is { } number ? (int)number : 0,
    };

    /// <summary>A whole number within a range, or null when it is not given.</summary>
    public static Option<int?> OptionalWhole(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => (int?)Number(result, name, "a whole number", least, most, NumberStyles.None),
    };

    /// <summary>A number within a range, with a point and decimals where they are needed.</summary>
    public static Option<double> Decimal(string name, string unit, string description, double standard, double least, double most) =>
        new(name)
        {
            Description = description,
            HelpName = unit,
            DefaultValueFactory = _ => standard,
            CustomParser = result => (double)(Number(result, name, "a number", (decimal)least, (decimal)most, NumberStyles.AllowDecimalPoint) ?? 0),
        };

    /// <summary>A number within a range, or null when it is not given.</summary>
    public static Option<double?> OptionalDecimal(string name, string unit, string description, double least, double most) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result => (double?)Number(result, name, "a number", (decimal)least, (decimal)most, NumberStyles.AllowDecimalPoint),
    };

    /// <summary>One of the words of an enum, whatever their case; null when it is not given.</summary>
    public static Option<T?> Word<T>(string name, string description, T standard)
        where T : struct, Enum => OptionalWord<T>(name, $"{description} [default: {WireName<T>.Of(standard)}]");

    /// <summary>One of the words of an enum that nothing stands for when it is not given.</summary>
    public static Option<T?> OptionalWord<T>(string name, string description)
        where T : struct, Enum
    {
        var words = WireName<T>.All;
        return new Option<T?>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            CustomParser = result =>
            {
                var given = result.Tokens[0].Value;
                if (words.FirstOrDefault(w => w.Equals(given, StringComparison.OrdinalIgnoreCase)) is { } word) return WireName<T>.Parse(word);
                result.AddError($"{name} {given}: it is {(words is [var only] ? $"{only}, or left out" : $"one of {string.Join(", ", words)}")}");
                return null;
            },
        };
    }

    /// <summary>One of some words, as they are written; null when it is not given.</summary>
    public static Option<string?> OneOf(string name, string description, string helpName, IReadOnlyCollection<string> words)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            var given = result.GetValueOrDefault<string?>();
            if (given is not null && !words.Contains(given)) result.AddError($"{name} {given}: it is one of {string.Join(", ", words)}");
        });
        return option;
    }

    private static decimal? Number(ArgumentResult result, string name, string kind, decimal least, decimal most, NumberStyles styles)
    {
        var given = result.Tokens[0].Value;
        if (decimal.TryParse(given, styles, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} {given}: it is {kind} from {least} to {most}"));
        return null;
    }
}
