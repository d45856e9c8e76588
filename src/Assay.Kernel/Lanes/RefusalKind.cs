namespace Assay.Kernel.Lanes;

/// <summary>
/// One of the refusals that a lane, or whoever speaks for it, declares: a static member, listed in <c>All</c> of the type that declares it.
/// </summary>
/// <param name="Code">The short name such as <c>plan_changed</c>, as it is shown and recorded. It belongs to one kind everywhere.</param>
/// <param name="Class">What sort of no it is.</param>
public sealed record RefusalKind(string Code, RefusalClass Class)
{
    public override string ToString() => Code;
}
