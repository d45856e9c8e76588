using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Engine.Runner.Network;

/// <summary>Passes the bytes of one connection on, both ways, each counted before it passes.</summary>
/// <param name="inside">The run's side.</param>
/// <param name="outside">The other side.</param>
/// <param name="name">For whom it must be; null: for an address, which says nothing of names.</param>
/// <param name="to">Where it goes.</param>
/// <param name="log">The record.</param>
/// <param name="cap">What may pass.</param>
internal sealed class Relay(Socket inside, Socket outside, string? name, IPEndPoint to, EgressLog log, TrafficCap cap)
{
    private const int BufferBytes = 64 * 1024;

    private List<byte> _kept = [];
    private readonly Lock _gate = new();
    private bool _isClear = name is null or AllowedHost.Localhost;
    private string? _other;
    private int? _line;

    /// <summary>What the record calls the other side.</summary>
    public string Shown { get; init; } = name ?? to.Address.ToString();

    /// <summary>How a connection came to its end.</summary>
    public enum End
    {
        /// <summary>Both sides were done.</summary>
        Done,

        /// <summary>One side broke it off, or the run was over.</summary>
        Broken,

        /// <summary>It says that it is for somebody else, and nothing of it has passed.</summary>
        Refused,
    }

    /// <summary>Passes bytes on until both sides are done, or one breaks.</summary>
    public async Task<End> RunAsync(CancellationToken ended)
    {
        var end = End.Done;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ended);
        Task[] both = [PassAsync(inside, outside, isSending: true, over.Token), PassAsync(outside, inside, isSending: false, over.Token)];
        try
        {
            // When one side breaks, the other has nobody to talk to any more.
            var first = await Task.WhenAny(both).ConfigureAwait(false);
            if (!first.IsCompletedSuccessfully || cap.IsOver || _other is not null) await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(both).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            end = End.Broken;
        }

        if (_other is { } other)
        {
            log.Note(EgressProtocol.Tcp, Shown, to.Port, EgressVerdict.Refused, $"says that it is for {other}");
            return End.Refused;
        }

        _ = Line();
        return end;
    }

    private async Task PassAsync(Socket from, Socket target, bool isSending, CancellationToken over)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int length;
            while ((length = await from.ReceiveAsync(buffer, SocketFlags.None, over).ConfigureAwait(false)) > 0)
            {
                var bytes = isSending ? Cleared(buffer.AsMemory(0, length)) : buffer.AsMemory(0, length);
                if (!await SendAsync(target, bytes, isSending, over).ConfigureAwait(false)) return;
            }

            if (isSending && !await SendAsync(target, Rest(), isSending, over).ConfigureAwait(false)) return;
            target.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>False: nothing more may pass.</summary>
    private async Task<bool> SendAsync(Socket target, ReadOnlyMemory<byte> bytes, bool isSending, CancellationToken over)
    {
        if (_other is not null || !cap.TryTake(bytes.Length)) return false;
        if (bytes.IsEmpty) return true;
        log.Add(Line(), isSending ? bytes.Length : 0, isSending ? 0 : bytes.Length);
        while (!bytes.IsEmpty) bytes = bytes[await target.SendAsync(bytes, SocketFlags.None, over).ConfigureAwait(false)..];
        return true;
    }

    /// <summary>What may be passed on of what was kept back and has come now: nothing until it is clear for whom it is.</summary>
    private ReadOnlyMemory<byte> Cleared(ReadOnlyMemory<byte> bytes)
    {
        if (_isClear) return bytes;
        _kept.AddRange(bytes.Span);
        return Released(FirstBytes.Judge(CollectionsMarshal.AsSpan(_kept), name!, out var said), said);
    }

    /// <summary>What is still kept back when no more comes.</summary>
    private ReadOnlyMemory<byte> Rest() =>
        _isClear ? default : Released(FirstBytes.JudgeWhole(CollectionsMarshal.AsSpan(_kept), name!, out var said), said);

    private ReadOnlyMemory<byte> Released(FirstBytes.Verdict verdict, string? said)
    {
        if (verdict == FirstBytes.Verdict.Refuse) _other = said ?? "nobody";
        if (verdict != FirstBytes.Verdict.Pass) return default;
        _isClear = true;
        var whole = _kept.ToArray();
        _kept = [];
        return whole;
    }

    /// <summary>Its line in the record, written with the first byte that passes, or at the end where none did.</summary>
    private int Line()
    {
        lock (_gate) return _line ??= log.Note(EgressProtocol.Tcp, Shown, to.Port, EgressVerdict.Allowed);
    }
}
