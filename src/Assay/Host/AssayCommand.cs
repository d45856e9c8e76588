namespace Assay.Host;

/// <summary>The command <c>assay</c> itself, which runs as a capped child of the worker where a stage needs what the worker must not do.</summary>
public static class AssayCommand
{
    /// <summary>The hidden command that makes one model call.</summary>
    public const string ModelCall = "model-call";

    /// <summary>The hidden command that looks at what a task changed.</summary>
    public const string ChangeCheck = "change-check";

    /// <summary>The program: this one, or the one that lies beside the library.</summary>
    public static string Path
    {
        get
        {
            var beside = System.IO.Path.Combine(AppContext.BaseDirectory, "assay");
            return File.Exists(beside) ? beside : Environment.ProcessPath ?? "assay";
        }
    }
}
