using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>An adapter as a file declares it, read once and checked.</summary>
public sealed class PreparedAdapter
{
    internal PreparedAdapter(AdapterSpec spec) => Spec = spec;

    /// <summary>Its name.</summary>
    public string AdapterId => Spec.AdapterId;

    internal AdapterSpec Spec { get; }
}
