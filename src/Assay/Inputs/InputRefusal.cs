namespace Assay.Inputs;

/// <summary>Takes one problem of a document.</summary>
/// <param name="pointer">Where it stands.</param>
/// <param name="rule">The rule's short name.</param>
/// <param name="message">What is wrong and what to do.</param>
internal delegate void InputRefusal(string pointer, string rule, string message);
