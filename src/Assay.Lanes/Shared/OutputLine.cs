namespace Assay.Lanes.Shared;

/// <summary>A line that a task printed.</summary>
/// <param name="Time">When, as the log has it.</param>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">The line.</param>
public sealed record OutputLine(string Time, string Stream, string Text);
