using System.Runtime.CompilerServices;

namespace Assay.Tests;

/// <summary>
/// Compares text that people read with an approved copy beside the test. A difference fails and leaves the received text beside the approved
/// one: look at it, and rename it if it is right.
/// </summary>
internal static class Approved
{
    public static void Matches(string received, string name, [CallerFilePath] string test = "")
    {
        var approved = Path.Combine(Path.GetDirectoryName(test)!, "Approved", $"{name}.txt");
        var expected = File.Exists(approved) ? File.ReadAllText(approved) : "";
        if (received == expected) return;
        Directory.CreateDirectory(Path.GetDirectoryName(approved)!);
        File.WriteAllText(Path.ChangeExtension(approved, ".received.txt"), received);
        Assert.Equal(expected, received);
    }
}
