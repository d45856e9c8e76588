namespace Assay.Kernel.Lanes;

/// <summary>What a column holds, and thereby how its rows are ordered: in every store the same, what is empty before all else.</summary>
public enum ColumnType
{
    /// <summary>Text, ordered by its bytes in UTF-8 and by no language's rules.</summary>
    Text,

    /// <summary>A signed number of 64 bits, ordered as one.</summary>
    Integer,

    /// <summary>An amount in millionths of a dollar (<c>Usd.Micros</c>), ordered as a number.</summary>
    Money,

    /// <summary>A time as <c>RecordedTime</c> writes it, whose order as text is that of time.</summary>
    Time,
}

/// <summary>A column of a lane's table. A name alone is one of text.</summary>
public sealed record LaneColumn(string Name, ColumnType Type = ColumnType.Text)
{
    /// <summary>Whether its values are a long; else they are a string.</summary>
    public bool IsNumber => Type is ColumnType.Integer or ColumnType.Money;

    public static implicit operator LaneColumn(string name) => new(name);

    public static LaneColumn Integer(string name) => new(name, ColumnType.Integer);

    public static LaneColumn Money(string name) => new(name, ColumnType.Money);

    public static LaneColumn Time(string name) => new(name, ColumnType.Time);

    /// <summary>Whether a value may stand in it.</summary>
    public bool Holds(object? value) => value is null || (IsNumber ? value is long : value is string);
}
