using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>A cancellation as a file descriptor, so that a thread can wait for it and for other things at once.</summary>
internal sealed unsafe class CancelSignal : IDisposable
{
    private readonly CancellationTokenRegistration _registration;

    public CancelSignal(CancellationToken token)
    {
        Fd = -1;
        if (!token.CanBeCanceled) return;
        Fd = Libc.EventFd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        _registration = token.Register(Raise);
    }

    /// <summary>Readable once cancelled; -1 when nobody can cancel.</summary>
    public int Fd { get; private set; }

    public void Dispose()
    {
        _registration.Dispose();
        if (Fd >= 0) _ = Libc.Close(Fd);
        Fd = -1;
    }

    private void Raise()
    {
        ulong one = 1;
        _ = Libc.Write(Fd, (byte*)&one, sizeof(ulong));
    }
}
