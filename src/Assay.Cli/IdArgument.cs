using System.CommandLine;

namespace Assay.Cli;

/// <summary>An argument that names something of the workspace. One that names nothing is refused in the same way by every command.</summary>
internal sealed class IdArgument : Argument<string>
{
    public IdArgument(string name, string description)
        : base(name) => Description = description;
}

/// <summary>An option that names something of the workspace; null when it is not given.</summary>
internal sealed class IdOption : Option<string?>
{
    public IdOption(string name, string description, params string[] aliases)
        : base(name, aliases) => (Description, HelpName) = (description, "ID");
}
