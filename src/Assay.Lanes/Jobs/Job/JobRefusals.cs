using Assay.Kernel.Lanes;

namespace Assay.Lanes.Jobs;

/// <summary>What jobs refuse, and what the documents of people and components are refused for.</summary>
public static class JobRefusals
{
    /// <summary>There is no such job.</summary>
    public static readonly RefusalKind NoJob = new("no_job", RefusalClass.NotFound);

    /// <summary>The registry has no such trial or card.</summary>
    public static readonly RefusalKind NoTrial = new("no_trial", RefusalClass.NotFound);

    /// <summary>The document is not the one that the person saw.</summary>
    public static readonly RefusalKind DocumentChanged = new("document_changed", RefusalClass.Precondition);

    /// <summary>That very document was approved.</summary>
    public static readonly RefusalKind AlreadyApproved = new("already_approved", RefusalClass.Conflict);

    /// <summary>That very document was turned down.</summary>
    public static readonly RefusalKind AlreadyRejected = new("already_rejected", RefusalClass.Conflict);

    /// <summary>Only what ended in an error can be tried again.</summary>
    public static readonly RefusalKind NoError = new("no_error", RefusalClass.Conflict);

    /// <summary>Only a job that is done can spawn.</summary>
    public static readonly RefusalKind NotDone = new("not_done", RefusalClass.Conflict);

    /// <summary>The job has no such proposal.</summary>
    public static readonly RefusalKind Proposal = new("proposal", RefusalClass.NotFound);

    /// <summary>A limit forbids it.</summary>
    public static readonly RefusalKind StoppedBudget = new("stopped_budget", RefusalClass.Budget);

    /// <summary>The document is a result and has no replacement.</summary>
    public static readonly RefusalKind NoReplacement = new("no_replacement", RefusalClass.Unprocessable);

    /// <summary>The replacement was there before.</summary>
    public static readonly RefusalKind SameDocument = new("same_document", RefusalClass.Unprocessable);

    /// <summary>The document breaks its contract.</summary>
    public static readonly RefusalKind Contract = new("contract", RefusalClass.Unprocessable);

    /// <summary>The document tries to set what only a policy may.</summary>
    public static readonly RefusalKind PolicyOverride = new("policy_override", RefusalClass.Policy);

    /// <summary>A segment stands in the document twice.</summary>
    public static readonly RefusalKind SegmentId = new("segment_id", RefusalClass.Unprocessable);

    /// <summary>A proposal stands in the document twice.</summary>
    public static readonly RefusalKind ProposalId = new("proposal_id", RefusalClass.Conflict);

    /// <summary>Something is held out that nothing may judge.</summary>
    public static readonly RefusalKind Holdout = new("holdout_gates", RefusalClass.Unprocessable);

    public static IReadOnlyList<RefusalKind> All { get; } =
    [
        NoJob, NoTrial, DocumentChanged, AlreadyApproved, AlreadyRejected, NoError, NotDone, Proposal, StoppedBudget, NoReplacement,
        SameDocument, Contract, PolicyOverride, SegmentId, ProposalId, Holdout,
    ];
}
