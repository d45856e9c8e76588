using Assay.Kernel.Contracts;
using Assay.Kernel.Lanes;

namespace Assay.Inputs;

/// <summary>What a person's request itself is refused for, before a lane is asked.</summary>
public static class RequestRefusals
{
    /// <summary>A reason is missing or too long.</summary>
    public static readonly RefusalKind Reason = new("reason", RefusalClass.BadInput);

    /// <summary>A reason holds what could steer a terminal.</summary>
    public static readonly RefusalKind ControlCharacter = new(TextRule.Name, RefusalClass.Conflict);

    /// <summary>A file that was given cannot be taken.</summary>
    public static readonly RefusalKind File = new("file", RefusalClass.Conflict);

    /// <summary>What was given as a digest is none.</summary>
    public static readonly RefusalKind Hash = new("hash", RefusalClass.Conflict);

    /// <summary>The request does not say what the person saw.</summary>
    public static readonly RefusalKind HashRequired = new("hash_required", RefusalClass.Conflict);

    /// <summary>The person said no when asked.</summary>
    public static readonly RefusalKind NotConfirmed = new("not_confirmed", RefusalClass.Conflict);

    /// <summary>Whoever asks has a token that is not good for it.</summary>
    public static readonly RefusalKind Role = new("role", RefusalClass.Forbidden);

    public static IReadOnlyList<RefusalKind> All { get; } = [Reason, ControlCharacter, File, Hash, HashRequired, NotConfirmed, Role];
}
