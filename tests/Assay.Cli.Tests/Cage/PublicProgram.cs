namespace Assay.Tests.Cage;

/// <summary>The built program where every user may read it, wherever the clone lies.</summary>
internal sealed class PublicProgram : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PublicProgram()
    {
        const UnixFileMode all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(_folder.Path, all);
        foreach (var file in Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(AssayProgram.Program)!))
        {
            var copy = _folder.Under(System.IO.Path.GetFileName(file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, all);
        }

        Path = _folder.Under("assay");
    }

    public string Path { get; }

    public void Dispose() => _folder.Dispose();
}
