using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>A line for every request that was refused: <c>logs/refused.jsonl</c>. One old file is kept, so that a flood cannot fill the disk.</summary>
internal sealed class RefusalLog : IDisposable
{
    private const long MaxBytes = 8 << 20;
    private const int MaxText = 200;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private FileStream _file;

    public RefusalLog(string workspaceRoot, TimeProvider time)
    {
        _time = time;
        _path = Path.Combine(workspaceRoot, "logs", "refused.jsonl");
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        _file = Open();
    }

    /// <summary>Records what came of a request that was answered with a status from 400.</summary>
    public async Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            // Also of one who left before the answer was all there.
            Record(context);
        }
    }

    /// <summary>Records a request that was so broken that it never came to be one.</summary>
    public void Malformed(string reason) => Write(null, "", "", StatusCodes.Status400BadRequest, reason);

    public void Dispose() => _file.Dispose();

    private void Record(HttpContext context)
    {
        if (context.Response.StatusCode < StatusCodes.Status400BadRequest) return;
        var rule = context.Items[Api.Problems.RuleKey] as string ?? "not_found";
        var request = context.Request;
        Write(context.Connection.RemoteIpAddress?.ToString(), request.Method, request.Path.Value ?? "", context.Response.StatusCode, rule);
    }

    private void Write(string? from, string method, string path, int status, string rule)
    {
        var line = new JsonObject
        {
            ["at"] = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
            ["from"] = from,
            ["method"] = Short(method),
            ["path"] = Short(path),
            ["status"] = status,
            ["rule"] = Short(rule),
        };
        var bytes = Encoding.UTF8.GetBytes(line.ToJsonString(JsonSerializerOptions.Default) + "\n");
        lock (_gate)
        {
            if (_file.Length > MaxBytes) Rotate();
            _file.Write(bytes);
            _file.Flush();
        }
    }

    private void Rotate()
    {
        _file.Dispose();
        File.Move(_path, $"{_path}.1", overwrite: true);
        _file = Open();
    }

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);

    private static string Short(string text) => text.Length <= MaxText ? text : text[..MaxText] + "…";
}
