using System.Globalization;
using System.Text;

namespace Assay.Bench;

/// <summary>Markdown tables, each row with its ratio to the first row of its table: the floor.</summary>
internal sealed class Report
{
    private readonly StringBuilder _text = new();
    private double _floor;

    public string Text => _text.ToString();

    /// <summary>Starts a table.</summary>
    public void Table(string title, string unit)
    {
        _floor = 0;
        Console.Error.WriteLine(title);
        _text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n| what | {unit} | ratio to the first |\n| --- | ---: | ---: |\n");
    }

    public void Row(string what, double value, string format = "0.00")
    {
        if (_floor == 0) _floor = value;
        Console.Error.WriteLine($"  {what}: {value.ToString(format, CultureInfo.InvariantCulture)}");
        _text.Append(CultureInfo.InvariantCulture, $"| {what} | {value.ToString(format, CultureInfo.InvariantCulture)} | {value / _floor:0.00} |\n");
    }
}
