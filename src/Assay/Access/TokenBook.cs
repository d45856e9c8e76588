using System.Security.Cryptography;
using System.Text.Json;
using Assay.Engine.Workspaces;
using Assay.Kernel.Streams;
using Assay.Ledger.Sqlite;
using Assay.Native;

namespace Assay.Access;

/// <summary>The tokens of a workspace: <c>keys/tokens.json</c>, which only its user can read and no caged work sees.</summary>
/// <param name="workspaceRoot">The workspace's absolute folder.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBook(string workspaceRoot, TimeProvider time)
{
    private const string FileName = "keys/tokens.json";
    private const string Prefix = "assay_";
    private const int SecretBytes = 32;
    private const int IdBytes = 4;
    private const long MaxBytes = 4 << 20;
    private const uint OwnerOnly = 0x180;
    private const uint OwnerFolder = 0x1C0;

    private readonly Lock _gate = new();
    private (FileStamp Stamp, TokenFile File)? _read;

    /// <summary>Makes a token.</summary>
    /// <returns>What was kept, and the secret, which nobody can see again.</returns>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public (AccessToken Token, string Secret) Create(Role role, string name, TimeSpan? lifetime)
    {
        var secret = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
        var now = time.GetUtcNow();
        var token = new AccessToken(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), role, name, Digest.Of(secret), now, now + lifetime);
        Change(file => file with { Tokens = file.Tokens.Add(token) });
        return (token, secret);
    }

    /// <summary>All that were made and not revoked, expired ones too.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IReadOnlyList<AccessToken> List() => Read().Tokens;

    /// <summary>Makes a token good for nothing. False when there is none of that id.</summary>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public bool Revoke(string tokenId)
    {
        var isThere = false;
        Change(file =>
        {
            isThere = file.Tokens.Any(t => t.TokenId == tokenId);
            return file with { Tokens = file.Tokens.RemoveAll(t => t.TokenId == tokenId) };
        });
        return isThere;
    }

    /// <summary>The token that a secret is of, when it is good now; else null. A file that cannot be read gives none.</summary>
    public AccessToken? Find(string secret)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var sha256 = Digest.Of(secret);
        try
        {
            return Read().Tokens.FirstOrDefault(t => t.Sha256 == sha256 && t.HoldsAt(time.GetUtcNow()));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether a token is good now.</summary>
    public bool Holds(string tokenId)
    {
        try
        {
            return Read().Tokens.Any(t => t.TokenId == tokenId && t.HoldsAt(time.GetUtcNow()));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Change(Func<TokenFile, TokenFile> change)
    {
        using var root = FolderHandle.OpenNamed(workspaceRoot);
        root.TryMakeFolder(Path.GetDirectoryName(FileName)!, OwnerFolder);
        using var held = new WriteLock(Path.Combine(WorkspacePaths.Keys(workspaceRoot), "tokens.lock"));
        held.Enter();
        try
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(change(Read()), TokenJson.Default.TokenFile);
            root.Write(FileName, [.. bytes, (byte)'\n'], replaces: true, OwnerOnly, isSynced: true);
        }
        finally
        {
            held.Exit();
        }
    }

    /// <summary>The file as it is now; read again only when it is another.</summary>
    private TokenFile Read()
    {
        using var root = FolderHandle.OpenNamed(workspaceRoot);
        if (root.Look(FileName) is not { } found) return TokenFile.Empty;
        lock (_gate)
        {
            if (_read is { } known && known.Stamp == found.Stamp) return known.File;
            using var file = root.OpenFile(FileName);
            if (file.Problem is { } problem) throw new IOException($"{FileName} of {workspaceRoot} {problem}");
            if ((found.Mode & 0x3F) != 0) throw new IOException($"{FileName} of {workspaceRoot} can be read by others: chmod 600 it");
            var read = Parse(file.ReadAll(MaxBytes));
            _read = (found.Stamp, read);
            return read;
        }
    }

    private TokenFile Parse(byte[] bytes)
    {
        try
        {
            var file = JsonSerializer.Deserialize(bytes, TokenJson.Default.TokenFile);
            return file is { SchemaVersion: TokenFile.Version, Tokens.IsDefault: false }
                ? file
                : throw new JsonException("it is no list of tokens");
        }
        catch (JsonException e)
        {
            throw new IOException($"{FileName} of {workspaceRoot} cannot be read: {e.Message}", e);
        }
    }
}
