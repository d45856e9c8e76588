using Assay.Lanes.Shared;


namespace Assay.Cli;

/// <summary>Who uses the command line.</summary>
internal static class CommandLineActor
{
    public static Actor Here { get; } = new(Environment.UserName, "cli");
}
