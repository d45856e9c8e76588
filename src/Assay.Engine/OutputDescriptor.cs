using System.Runtime.InteropServices;
using Assay.Native;

namespace Assay.Engine;

/// <summary>
/// A descriptor of this process that bytes are passed on to. Unlike the console's streams it tells when nobody reads any more.
/// </summary>
public static class OutputDescriptor
{
    public const int StandardOutput = 1;
    public const int StandardError = 2;

    /// <summary>Writes all of it, waiting where the reader is slow.</summary>
    /// <returns>How far that was possible.</returns>
    public static unsafe OutputResult Write(int descriptor, ReadOnlySpan<byte> bytes)
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
                    case Libc.EPIPE:
                        return OutputResult.NobodyReads;
                    default:
                        return new OutputResult(Libc.LastError());
                }
            }
        }

        return OutputResult.Written;
    }
}

/// <summary>What became of bytes that were passed on.</summary>
/// <param name="Problem">Why they could not be written; null when they were.</param>
public sealed record OutputResult(string? Problem)
{
    public static readonly OutputResult Written = new(Problem: null);

    /// <summary>The reader is gone, as with <c>| head</c>.</summary>
    public static readonly OutputResult NobodyReads = new("nobody reads any more");
}
