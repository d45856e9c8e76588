namespace Assay.Gateway;

/// <summary>Tokens of one answer, as far as the model has told them.</summary>
internal sealed class TokenCount
{
    /// <summary>All that was sent, what was cached among it; null: not told.</summary>
    public long? Input { get; set; }

    /// <summary>What the provider had kept, which costs less.</summary>
    public long? Cached { get; set; }

    /// <summary>What is paid on top of the input, in tokens of input: keeping it for later costs more than reading it.</summary>
    public long Surcharge { get; set; }

    /// <summary>All that was answered, thoughts among it.</summary>
    public long? Output { get; set; }

    /// <summary>Whether these are the last numbers, and not what there was at some moment.</summary>
    public bool IsFinal { get; set; }

    /// <summary>Characters of the answer so far.</summary>
    public long Characters { get; set; }

    /// <summary>Whether all is known that a bill needs.</summary>
    public bool IsWhole => IsFinal && Input is not null && Output is not null;
}
