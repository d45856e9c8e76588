namespace Assay.Kernel.Lanes;

/// <summary>
/// What sort of no it is. Each class has one exit code and one HTTP status: the command line and the server have one table each.
/// </summary>
public enum RefusalClass
{
    /// <summary>What was given is wrong by itself: a word, a name, a file.</summary>
    BadInput,

    /// <summary>Nobody is named who could ask.</summary>
    Unauthenticated,

    /// <summary>Whoever asks may not.</summary>
    Forbidden,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>There was such a thing.</summary>
    Gone,

    /// <summary>It does not fit how things stand now.</summary>
    Conflict,

    /// <summary>What the person saw is not what is there now.</summary>
    Precondition,

    /// <summary>The request itself is larger than what is taken.</summary>
    TooLarge,

    /// <summary>The request is well formed, and what it brings is of no use: a document breaks its contract or a rule beside it.</summary>
    Unprocessable,

    /// <summary>It was meant for another host.</summary>
    Misdirected,

    /// <summary>A policy forbids it, whoever asks.</summary>
    Policy,

    /// <summary>A budget is used up.</summary>
    Budget,

    /// <summary>Too many requests in too short a time.</summary>
    RateLimited,

    /// <summary>Something else is at work on the same thing.</summary>
    Busy,

    /// <summary>It was tried, and did not come about.</summary>
    Failed,

    /// <summary>What was asked elsewhere for this gave no usable answer.</summary>
    Upstream,

    /// <summary>
    /// What came back does not hold as evidence, so nothing of it counts and the stage ends in ERROR. It is on record, and answers nobody's
    /// request.
    /// </summary>
    FailClosed,
}
