using System.Collections.Concurrent;
using System.Security.Cryptography;
using Assay.Kernel.Streams;

namespace Assay.Server.Security;

/// <summary>
/// Browsers that have signed in. The cookie is a random name of the session and no token: browsers send it to every server of the same
/// host, whatever its port. Sessions end with the server.
/// </summary>
internal sealed class Sessions(TimeProvider time)
{
    public const string Cookie = "assay_session";

    private const int Bytes = 32;
    private const int Most = 1_000;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<Digest, (Credential Credential, DateTimeOffset End)> _open = new();

    /// <summary>Begins a session and returns what the browser keeps.</summary>
    public string Begin(Credential credential)
    {
        var now = time.GetUtcNow();
        foreach (var ended in _open.Where(s => s.Value.End <= now)) _open.TryRemove(ended);
        while (_open.Count >= Most) _open.TryRemove(_open.MinBy(s => s.Value.End));
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
        _open[Digest.Of(id)] = (credential, now + Lifetime);
        return id;
    }

    /// <summary>Who has signed in; null when nobody has, or too long ago.</summary>
    public Credential? Find(string id) =>
        _open.TryGetValue(Digest.Of(id), out var session) && session.End > time.GetUtcNow() ? session.Credential : null;

    public void End(string id) => _open.TryRemove(Digest.Of(id), out _);
}
