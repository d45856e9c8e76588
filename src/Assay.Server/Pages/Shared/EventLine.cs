namespace Assay.Server.Pages.Shared;

/// <summary>Something that happened, as pages list it.</summary>
/// <param name="At">When, as the record writes it.</param>
/// <param name="What">The event, or the state that came of it.</param>
/// <param name="By">Who stands behind it; null: nobody is named.</param>
/// <param name="Note">A sentence; null: there is nothing to say.</param>
public sealed record EventLine(string At, string What, string? By, string? Note);
