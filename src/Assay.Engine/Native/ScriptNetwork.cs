namespace Assay.Engine.Native;

/// <summary>Words of a script that set up a network namespace.</summary>
internal static unsafe class ScriptNetwork
{
    /// <summary>The loopback device of a new network namespace is down at first.</summary>
    public static void Loopback(this SyscallScript script)
    {
        const long datagram = 2;
        const long closeOnExec = 0x80000;
        const long setFlags = 0x8914;
        const short upAndRunning = 0x41;
        const int nameBytes = 16;
        var request = script.Take(40);
        "lo"u8.CopyTo(new Span<byte>(request, nameBytes));
        *(short*)(request + nameBytes) = upAndRunning;
        var socket = (int*)script.Take(sizeof(int));
        script.Call("socket", SyscallNumbers.Socket, datagram, datagram | closeOnExec, 0).Into(socket);
        script.Call("lo up", SyscallNumbers.Ioctl, 0, setFlags, (long)request).With(socket);
        script.Call("close socket", SyscallNumbers.Close).With(socket);
    }
}
