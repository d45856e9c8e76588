using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Native;
using Assay.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;

namespace Assay.Server.Security;

/// <summary>
/// What was refused: <c>logs/refused.jsonl</c>. The first refusals of a kind from one address have a line each; when there are many within
/// a short time, the others are counted and get one line together. One old file is kept, so that a flood cannot fill the disk.
/// </summary>
internal sealed class RefusalLog : IDisposable
{
    private const string Name = "logs/refused.jsonl";
    private const long MaxBytes = 8 << 20;
    private const int MaxText = 200;
    private const int MaxKinds = 1_000;

    /// <summary>Refusals of a kind from one address that have a line of their own within a window.</summary>
    private const int LinesAWindow = 20;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string? From, int Status, string Rule), Count> _counts = [];
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private FileStream? _file;

    public RefusalLog(string workspaceRoot, TimeProvider time)
    {
        (_root, _time) = (workspaceRoot, time);
        _file = Open();
        _timer = time.CreateTimer(_ => Sum(all: false), null, Window, Window);
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

    public void Dispose()
    {
        _timer.Dispose();
        Sum(all: true);
        _file?.Dispose();
    }

    private void Record(HttpContext context)
    {
        if (context.Response.StatusCode < StatusCodes.Status400BadRequest) return;
        var rule = context.Items[Problems.RuleKey] as string ?? "not_found";
        var request = context.Request;
        Write(context.Connection.RemoteIpAddress?.ToString(), request.Method, request.Path.Value ?? "", context.Response.StatusCode, rule);
    }

    private void Write(string? from, string method, string path, int status, string rule)
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            var kind = (from, status, Short(rule));
            if (!_counts.TryGetValue(kind, out var count))
            {
                if (_counts.Count == MaxKinds) Sum(all: true);
                _counts.Add(kind, count = new Count(now));
            }

            if (++count.Seen > LinesAWindow) return;
            Append(new JsonObject
            {
                ["at"] = Text(now),
                ["from"] = from,
                ["method"] = Short(method),
                ["path"] = Short(path),
                ["status"] = status,
                ["rule"] = kind.Item3,
            });
        }
    }

    /// <summary>Ends the windows that are over, each with a line for what was only counted.</summary>
    private void Sum(bool all)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var (kind, count) in _counts.Where(c => all || c.Value.Since + Window <= now).ToList())
            {
                _counts.Remove(kind);
                if (count.Seen <= LinesAWindow) continue;
                Append(new JsonObject
                {
                    ["at"] = Text(now),
                    ["from"] = kind.From,
                    ["status"] = kind.Status,
                    ["rule"] = kind.Rule,
                    ["since"] = Text(count.Since),
                    ["more"] = count.Seen - LinesAWindow,
                });
            }
        }
    }

    /// <summary>A log that cannot be written, as on a full disk, must not end what it is about.</summary>
    private void Append(JsonObject line)
    {
        try
        {
            if (_file?.Length > MaxBytes) Rotate();
            _file ??= Open();
            _file.Write(Encoding.UTF8.GetBytes(line.ToJsonString(JsonSerializerOptions.Default) + "\n"));
            _file.Flush();
        }
        catch (IOException)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private void Rotate()
    {
        _file!.Dispose();
        _file = null;
        using var root = FolderHandle.OpenNamed(_root);
        root.Rename(Name, $"{Path.GetFileName(Name)}.1");
    }

    /// <summary>What uncaged work has put in its place gives way, unless it is a folder.</summary>
    private FileStream Open()
    {
        using var root = FolderHandle.OpenNamed(_root);
        var file = new FileStream(ToAppend(root), FileAccess.Write);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    private static SafeFileHandle ToAppend(FolderHandle root)
    {
        try
        {
            return root.OpenToAppend(Name);
        }
        catch (IOException)
        {
            root.Write(Name, [], replaces: true);
            return root.OpenToAppend(Name);
        }
    }

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private static string Short(string text) => text.Length <= MaxText ? text : text[..MaxText] + "…";

    /// <summary>Refusals of a kind in the window that is open.</summary>
    private sealed class Count(DateTimeOffset since)
    {
        public DateTimeOffset Since => since;

        public long Seen { get; set; }
    }
}
