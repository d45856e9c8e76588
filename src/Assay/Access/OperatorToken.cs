using System.Security.Cryptography;
using System.Text;
using Assay.Native;

namespace Assay.Access;

/// <summary>The operator's token: a file of the workspace that only its user can read, and that no sandboxed work sees.</summary>
internal static class OperatorToken
{
    private const string Folder = "keys";
    private const string Name = $"{Folder}/operator.token";
    private const int Bytes = 32;
    private const long MaxBytes = 1024;
    private const uint OwnerOnly = 0x180;
    private const uint OwnerFolder = 0x1C0;
    private const int Others = 0x3F;

    public static string PathIn(string workspaceRoot) => Path.Combine(workspaceRoot, Name);

    /// <summary>Reads the token, making one when there is none.</summary>
    /// <exception cref="IOException">The file cannot be read or made, or others may read it.</exception>
    public static string ReadOrCreate(string workspaceRoot)
    {
        var path = PathIn(workspaceRoot);
        using var root = FolderHandle.OpenNamed(workspaceRoot);
        root.TryMakeFolder(Folder, OwnerFolder);
        if (root.Look(Name) is null)
        {
            var made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
            root.Write(Name, Encoding.ASCII.GetBytes($"{made}\n"), replaces: false, OwnerOnly, isSynced: true);
        }

        using var file = root.OpenFile(Name);
        if (file.Problem is { } problem) throw new IOException($"{path} {problem}: remove it to get a new one");
        if ((root.Look(Name)?.Mode & Others) != 0) throw new IOException($"{path} can be read by others: chmod 600 it, or remove it to get a new one");
        var token = file.ReadText(MaxBytes).Trim();
        return token.Length == Bytes * 2 ? token : throw new IOException($"{path} holds no token: remove it to get a new one");
    }
}
