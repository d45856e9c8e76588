using System.Collections.Immutable;

namespace Assay.Lanes.Tasks;

/// <summary>A report does not say what one of its kind must say.</summary>
internal sealed class ReportException(string message) : Exception(message);

/// <summary>What a report says, whatever its format.</summary>
/// <param name="Tests">Cases that ran; skipped ones do not count.</param>
/// <param name="Failures">Those that failed.</param>
/// <param name="FirstFailures">The first of them, each in a sentence.</param>
internal sealed record TestReport(long Tests, long Failures, ImmutableArray<string> FirstFailures)
{
    /// <summary>Failures that are no case's, such as a plan that was not kept. They count among <see cref="Failures"/>.</summary>
    public long OfNoCase { get; init; }

    /// <summary>The first of those, each in a sentence.</summary>
    public ImmutableArray<string> Complaints { get; init; } = [];

    public static readonly TestReport Nothing = new(0, 0, []);

    /// <exception cref="ReportException">The report cannot be read.</exception>
    public static TestReport Read(ReportFormat format, ReadOnlyMemory<byte> bytes) => format switch
    {
        ReportFormat.JUnit => JUnitReport.Read(bytes),
        ReportFormat.Trx => TrxReport.Read(bytes),
        ReportFormat.Tap => TapReport.Read(bytes),
        ReportFormat.Sarif => SarifReport.Read(bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "there is no report to read"),
    };
}
