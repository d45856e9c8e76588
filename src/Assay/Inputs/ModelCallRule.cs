using Assay.Lanes.Shared;

namespace Assay.Inputs;

/// <summary>Checks the key <c>model</c> of a document.</summary>
internal static class ModelCallRule
{
    /// <summary>The call, the file of its key absolute.</summary>
    /// <param name="model">As the document declares it.</param>
    /// <param name="folder">The folder of the document, which the file may leave.</param>
    /// <param name="pointer">Where it stands.</param>
    /// <param name="refuse">Takes what is wrong.</param>
    public static ModelCall Load(ModelCall model, string folder, string pointer, InputRefusal refuse)
    {
        if (model.ApiKeyFile is not { } name) return model;
        var key = Path.GetFullPath(Path.Combine(folder, name));
        if (!File.Exists(key)) refuse($"{pointer}/api_key_file", "file", $"{name} does not exist");
        return model with { ApiKeyFile = key };
    }
}
