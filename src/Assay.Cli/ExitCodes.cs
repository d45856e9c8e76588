namespace Assay.Cli;

/// <summary>The exit codes of the command line, as README lists them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadInput = 2;
    public const int FailClosed = 3;
}
