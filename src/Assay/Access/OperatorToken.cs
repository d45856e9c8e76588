using System.Security.Cryptography;

namespace Assay.Access;

/// <summary>The operator's token: a file of the workspace that only its user can read, and that no sandboxed work sees.</summary>
internal static class OperatorToken
{
    private const int Bytes = 32;

    public static string PathIn(string workspaceRoot) => Path.Combine(workspaceRoot, "keys", "operator.token");

    /// <summary>Reads the token, making one when there is none.</summary>
    /// <exception cref="IOException">The file cannot be read or made, or others may read it.</exception>
    public static string ReadOrCreate(string workspaceRoot)
    {
        var path = PathIn(workspaceRoot);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!File.Exists(path))
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using var stream = new StreamWriter(path, options);
            stream.WriteLine(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if ((File.GetUnixFileMode(path) & others) != UnixFileMode.None)
        {
            throw new IOException($"{path} can be read by others: chmod 600 it, or remove it to get a new one");
        }

        var token = File.ReadAllText(path).Trim();
        return token.Length == Bytes * 2 ? token : throw new IOException($"{path} holds no token: remove it to get a new one");
    }
}
