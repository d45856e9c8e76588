using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Native;

namespace Assay.Observe;

/// <summary>
/// A log of one JSON object a line, which is moved aside when it has grown: <c>name.1</c> is the last before, <c>name.5</c> the oldest.
/// Not part of the record.
/// </summary>
/// <param name="root">The project's absolute folder.</param>
/// <param name="path">The log's path below it.</param>
internal sealed class RotatedLog(string root, string path) : IDisposable
{
    private const long MaxBytes = 16 << 20;
    private const int Kept = 5;

    private readonly Lock _gate = new();
    private FileStream? _file;

    public void Write(JsonObject line)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(line, LogJson.Default.JsonObject);
        lock (_gate)
        {
            try
            {
                _file ??= Open();
                _file.Write([.. bytes, (byte)'\n']);
                _file.Flush();
                if (_file.Length >= MaxBytes) Rotate();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A log that cannot be written must not end the work that it is about; the ledger holds the facts.
                _file?.Dispose();
                _file = null;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate) _file?.Dispose();
    }

    private FileStream Open()
    {
        using var top = FolderHandle.OpenNamed(root);
        var file = new FileStream(top.OpenToAppend(path), FileAccess.Write);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    private void Rotate()
    {
        _file!.Dispose();
        _file = null;
        using var top = FolderHandle.OpenNamed(root);
        var name = Path.GetFileName(path);
        for (var i = Kept - 1; i >= 1; i--) top.Rename($"{path}.{i}", $"{name}.{i + 1}");
        top.Rename(path, $"{name}.1");
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonObject))]
internal sealed partial class LogJson : System.Text.Json.Serialization.JsonSerializerContext;
