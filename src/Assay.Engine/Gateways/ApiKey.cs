using System.Text;
using Assay.Native;

namespace Assay.Engine.Gateways;

/// <summary>The key of a provider in a file: one line that can stand in a header, and nothing else.</summary>
internal static class ApiKey
{
    private const int MaxBytes = 4096;

    /// <exception cref="IOException">There is no such file, or no such line in it; the message says which, and never what.</exception>
    public static string Read(string file)
    {
        using var opened = OpenedFile.ToRead(file);
        if (opened.Problem is { } problem) throw new IOException($"{file} {problem}");
        var bytes = new byte[MaxBytes + 1];
        var length = RandomAccess.Read(opened.Handle!, bytes, 0);
        var key = Encoding.Latin1.GetString(bytes, 0, length).Trim();
        if (length > MaxBytes) throw new IOException($"{file} is longer than {MaxBytes} bytes: it should hold the key and nothing else");
        if (key.Length == 0) throw new IOException($"{file} is empty: it should hold the key");
        if (key.Any(c => c is <= ' ' or >= '\x7F'))
        {
            throw new IOException($"{file} holds more than a key: one line of letters, digits and signs, without blanks");
        }

        return key;
    }
}
