using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Server.Security;

/// <summary>
/// A secret that came in an environment variable. It is taken out of this process's variables, and out of the memory that <c>/proc/PID/environ</c> shows to every
/// process of the same user for as long as this one lives (ruling 30).
/// </summary>
internal static class SecretVariable
{
    /// <summary>Where proc(5) has the bounds of that memory, counted from the field behind the program's name.</summary>
    private const int EnvironmentStartField = 47;

    /// <summary>The value, which nobody can read from the environment afterwards; null when it is not set.</summary>
    public static string? Take(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrEmpty(value)) return null;
        Environment.SetEnvironmentVariable(name, null);
        Erase(Encoding.UTF8.GetBytes($"{name}="));
        return value;
    }

    private static void Erase(byte[] prefix)
    {
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var start = nint.Parse(fields[EnvironmentStartField], CultureInfo.InvariantCulture);
        var end = nint.Parse(fields[EnvironmentStartField + 1], CultureInfo.InvariantCulture);
        if (start == 0 || end <= start) return;
        var block = new byte[end - start];
        Marshal.Copy(start, block, 0, block.Length);
        for (var entry = 0; entry < block.Length;)
        {
            var length = block.AsSpan(entry).IndexOf((byte)0);
            if (length < 0) length = block.Length - entry;
            if (block.AsSpan(entry, length).StartsWith(prefix))
            {
                for (var i = prefix.Length; i < length; i++) Marshal.WriteByte(start + entry + i, (byte)'*');
            }

            entry += length + 1;
        }
    }
}
