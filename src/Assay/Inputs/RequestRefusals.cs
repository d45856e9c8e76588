using Assay.Kernel.Contracts;
using Assay.Kernel.Lanes;

namespace Assay.Inputs;

/// <summary>What a person's request itself is refused for, before a lane is asked.</summary>
public static class RequestRefusals
{
    /// <summary>A reason is missing or too long.</summary>
    public static readonly RefusalKind Reason = new("reason", RefusalClass.BadInput);

    /// <summary>A reason holds what could steer a terminal.</summary>
    public static readonly RefusalKind ControlCharacter = new(TextRule.Name, RefusalClass.BadInput);

    /// <summary>A file that was given cannot be taken.</summary>
    public static readonly RefusalKind File = new("file", RefusalClass.BadInput);

    /// <summary>What was given as a digest is none.</summary>
    public static readonly RefusalKind Hash = new("hash", RefusalClass.BadInput);

    /// <summary>The request does not say what the person saw.</summary>
    public static readonly RefusalKind HashRequired = new("hash_required", RefusalClass.Conflict);

    /// <summary>The person said no when asked.</summary>
    public static readonly RefusalKind NotConfirmed = new("not_confirmed", RefusalClass.Conflict);

    /// <summary>Whoever asks has a token that is not good for it.</summary>
    public static readonly RefusalKind Role = new("role", RefusalClass.Forbidden);

    /// <summary>The folder holds no ledger.</summary>
    public static readonly RefusalKind NoWorkspace = new("no_workspace", RefusalClass.NotFound);

    /// <summary>No epoch has this id.</summary>
    public static readonly RefusalKind UnknownEpoch = new("unknown_epoch", RefusalClass.NotFound);

    /// <summary>The job has no such document.</summary>
    public static readonly RefusalKind UnknownDocument = new("unknown_document", RefusalClass.NotFound);

    /// <summary>No job has had a run with this id.</summary>
    public static readonly RefusalKind UnknownDossier = new("unknown_dossier", RefusalClass.NotFound);

    /// <summary>No stream has this name, and nothing this id.</summary>
    public static readonly RefusalKind UnknownStream = new("unknown_stream", RefusalClass.NotFound);

    /// <summary>Several streams have this id.</summary>
    public static readonly RefusalKind AmbiguousId = new("ambiguous_id", RefusalClass.Conflict);

    /// <summary>No token has this id.</summary>
    public static readonly RefusalKind UnknownToken = new("unknown_token", RefusalClass.NotFound);

    public static IReadOnlyList<RefusalKind> All { get; } =
    [
        Reason, ControlCharacter, File, Hash, HashRequired, NotConfirmed, Role, NoWorkspace, UnknownEpoch, UnknownDocument, UnknownDossier,
        UnknownStream, AmbiguousId, UnknownToken,
    ];
}
