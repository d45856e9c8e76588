using System.Text;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>Where a program waits before its first instruction, until it was put where it belongs.</summary>
internal sealed unsafe class Gate : IDisposable
{
    private const string Name = "assay-gate";

    // What the shell itself says when it cannot run the program begins with the name that it was given.
    private static readonly byte[] Complaint = Encoding.ASCII.GetBytes(Name + ": ");

    private int _entry = -1;
    private int _exit = -1;

    public Gate()
    {
        var pipe = stackalloc int[2];
        if (Libc.Pipe2(pipe, Libc.O_CLOEXEC) != 0) throw new IOException($"pipe: {Libc.LastError()}");
        (_exit, _entry) = (pipe[0], pipe[1]);
    }

    /// <summary>The request of a program that waits first.</summary>
    public SpawnRequest Before(SpawnRequest request)
    {
        var descriptor = 3 + request.Descriptors.Count;
        var script = $"read -r _ <&{descriptor} || exit 126; exec {descriptor}<&-; exec \"$@\"";
        return request with
        {
            Program = "/bin/sh",
            Words = ["/bin/sh", "-c", script, Name, .. request.Words],
            Descriptors = [.. request.Descriptors, _exit],
        };
    }

    public void Open()
    {
        var newLine = (byte)'\n';
        _ = Libc.Write(_entry, &newLine, 1);
    }

    /// <summary>Whether an exit code is the gate's own, since the program could not be run.</summary>
    public static bool Failed(int exitCode, ReadOnlySpan<byte> stderr) => exitCode is 126 or 127 && stderr.StartsWith(Complaint);

    public void Dispose()
    {
        if (_entry >= 0) _ = Libc.Close(_entry);
        if (_exit >= 0) _ = Libc.Close(_exit);
        (_entry, _exit) = (-1, -1);
    }
}
