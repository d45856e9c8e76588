using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Counts the cases of a report while it is read, and keeps as many failures as anybody is shown.</summary>
internal sealed class ReportCount
{
    private const int MaxKept = 50;
    private const int MaxChars = 1_000;
    private const int MaxComplaints = 3;

    private readonly List<string> _first = [];
    private long _tests;
    private readonly List<string> _complaints = [];
    private long _failures;
    private long _ofNoCase;

    /// <summary>Adds a case that ran.</summary>
    /// <param name="failure">How it failed; null: it passed.</param>
    public void Add(string? failure)
    {
        _tests++;
        if (failure is not null) Keep(failure);
    }

    /// <summary>Adds a failure that is no case's.</summary>
    public void AddFailure(string failure)
    {
        Keep(failure);
        _ofNoCase++;
        if (_complaints.Count < MaxComplaints) _complaints.Add(BoundedText.Cut(failure, MaxChars));
    }

    /// <summary>What was counted.</summary>
    /// <param name="atLeast">Failures that are known of otherwise.</param>
    public TestReport Report(long atLeast = 0) => new(_tests, Math.Max(_failures, atLeast), [.. _first])
    {
        OfNoCase = _ofNoCase,
        Complaints = [.. _complaints],
    };

    private void Keep(string failure)
    {
        _failures++;
        if (_first.Count < MaxKept) _first.Add(BoundedText.Cut(failure, MaxChars));
    }
}
