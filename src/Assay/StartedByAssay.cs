using System.Text;

namespace Assay;

/// <summary>
/// Whether this process was started by work that Assay runs. Such work must not decide about itself (ruling 4). In a sandbox it cannot reach the workspace at
/// all; this is the check for work that was declared to run without one.
/// </summary>
public static class StartedByAssay
{
    private const string Mark = "ASSAY_ATTEMPT=";

    /// <summary>True when this process or one that it descends from carries the mark of an attempt.</summary>
    public static bool Check()
    {
        for (var pid = Environment.ProcessId; pid > 1; pid = ParentOf(pid))
        {
            if (Variables(pid).Split('\0').Any(v => v.StartsWith(Mark, StringComparison.Ordinal))) return true;
        }

        return false;
    }

    private static string Variables(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static int ParentOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }
    }
}
