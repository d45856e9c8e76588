using Assay.Access;

namespace Assay.Cli;

/// <summary>Who uses the command line.</summary>
internal static class CommandLineCaller
{
    public static Caller Here { get; } = Caller.OfCommandLine();
}
