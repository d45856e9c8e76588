using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// All attempts of one run, as many lines of them as an event can hold. What was allowed has a place of its own, so that nothing else
/// that a run tries hides what it reached and how much. Any thread may write to it.
/// </summary>
internal sealed class EgressLog(TimeProvider time, HostList hosts)
{
    private const int MaxLines = 64;
    private const int MaxChars = 12_000;
    private const int MaxNameChars = 253;
    private const int MaxReasonChars = 200;

    private readonly Dictionary<(EgressProtocol Protocol, string Host, int? Port, EgressVerdict Verdict), int> _places = [];
    private readonly List<EgressAttempt> _lines = [];
    private readonly Lock _gate = new();
    private int _others;
    private int _chars;
    private long _unlisted;

    /// <summary>
    /// Notes an attempt, and returns the place of its line for <see cref="Add"/>; -1: it is only counted, which happens to none that was
    /// allowed: the names below one wildcard that find no place share the line of that.
    /// </summary>
    public int Note(EgressProtocol protocol, string host, int? port, EgressVerdict verdict, string? reason = null)
    {
        var now = time.GetUtcNow();
        if (host.Length > MaxNameChars) host = host[..MaxNameChars];
        if (reason?.Length > MaxReasonChars) reason = reason[..MaxReasonChars];
        lock (_gate)
        {
            if (Known(protocol, host, port, verdict, now) is { } known) return known;
            if (verdict == EgressVerdict.Allowed)
            {
                if (_lines.Count - _others >= MaxLines && hosts.WildcardOf(host, port) is { } wildcard) host = wildcard;
                return Known(protocol, host, port, verdict, now) ?? New(protocol, host, port, verdict, reason, now);
            }

            var chars = host.Length + (reason?.Length ?? 0);
            if (_others == MaxLines || _chars + chars > MaxChars)
            {
                _unlisted++;
                return -1;
            }

            (_others, _chars) = (_others + 1, _chars + chars);
            return New(protocol, host, port, verdict, reason, now);
        }
    }

    /// <summary>Counts bytes that passed.</summary>
    public void Add(int place, long sent, long received)
    {
        if (place < 0) return;
        lock (_gate)
        {
            var line = _lines[place];
            _lines[place] = line with { BytesSent = line.BytesSent + sent, BytesReceived = line.BytesReceived + received };
        }
    }

    /// <summary>Counts attempts of which nothing else is known.</summary>
    public void Lost(long attempts)
    {
        lock (_gate) _unlisted += attempts;
    }

    public Egress ToEgress()
    {
        lock (_gate) return new Egress([.. _lines], _unlisted);
    }

    private int? Known(EgressProtocol protocol, string host, int? port, EgressVerdict verdict, DateTimeOffset now)
    {
        if (!_places.TryGetValue((protocol, host, port, verdict), out var place)) return null;
        _lines[place] = _lines[place] with { Count = _lines[place].Count + 1, LastAt = now };
        return place;
    }

    private int New(EgressProtocol protocol, string host, int? port, EgressVerdict verdict, string? reason, DateTimeOffset now)
    {
        _places[(protocol, host, port, verdict)] = _lines.Count;
        _lines.Add(new EgressAttempt
        {
            Protocol = protocol,
            Host = host,
            Port = port,
            Verdict = verdict,
            Reason = reason,
            Count = 1,
            FirstAt = now,
            LastAt = now,
        });
        return _lines.Count - 1;
    }
}
