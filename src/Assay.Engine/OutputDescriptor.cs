using System.Runtime.InteropServices;
using Assay.Engine.Processes.Native;

namespace Assay.Engine;

/// <summary>A descriptor of this process that bytes are passed on to. Unlike the console's streams it tells when nobody reads any more.</summary>
public static class OutputDescriptor
{
    public const int StandardOutput = 1;
    public const int StandardError = 2;

    /// <summary>Writes all of it, waiting where the reader is slow.</summary>
    /// <returns>False when it cannot be written: the reader is gone, as with <c>| head</c>, or the disk is full.</returns>
    public static unsafe bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                var written = (int)Libc.Write(descriptor, start + sent, (nuint)(bytes.Length - sent));
                if (written >= 0)
                {
                    sent += written;
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Libc.EINTR:
                        break;
                    case Libc.EAGAIN:
                        var ready = new Libc.PollFd { Fd = descriptor, Events = Libc.POLLOUT };
                        _ = Libc.Poll(&ready, 1, -1);
                        break;
                    default:
                        return false;
                }
            }
        }

        return true;
    }
}
