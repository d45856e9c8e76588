using System.Runtime.InteropServices;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>Writes standard input as fast as the process reads it, and closes it behind the last byte. A process that never reads is no error.</summary>
internal sealed unsafe class InputFeed(byte[] bytes, int pipe) : IDisposable
{
    private int _sent;
    private int _pipe = pipe;

    /// <summary>The pipe to write to, or -1 when all is sent or nobody reads.</summary>
    public int Pipe => _pipe;

    public void Pump()
    {
        fixed (byte* start = bytes)
        {
            while (_pipe >= 0 && _sent < bytes.Length)
            {
                var written = (int)Libc.Write(_pipe, start + _sent, (nuint)(bytes.Length - _sent));
                if (written > 0)
                {
                    _sent += written;
                    continue;
                }

                if (Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR) return;
                break;
            }
        }

        Dispose();
    }

    public void Dispose()
    {
        if (_pipe >= 0) _ = Libc.Close(_pipe);
        _pipe = -1;
    }
}
