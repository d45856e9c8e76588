using System.Diagnostics;
using System.Net.Sockets;
using Assay.Native;

namespace Assay.Tests.Performers.Files;

/// <summary>
/// A folder as untrusted work may leave it, made from a seed: each holds a few of the things that strangers' programs left, at names of their
/// own and at those that the engine reads or writes next.
/// </summary>
/// <param name="outside">A folder that nothing may come from or go to.</param>
internal sealed class HostileShape(string outside)
{
    /// <summary>Names that the engine itself uses below such a folder.</summary>
    public static readonly string[] Expected = ["record.json", "log.jsonl", "meter.jsonl", "out/report.json"];

    private delegate void Part(Random random, string folder, string name);

    private Part[] Parts =>
    [
        (_, folder, name) => Link(folder, name, "."),
        (_, folder, name) => Link(folder, name, ".."),
        (_, folder, name) => Link(folder, name, "/"),
        (_, folder, name) => Link(folder, name, name),
        (_, folder, name) => Link(folder, name, outside),
        (_, folder, name) => Link(folder, name, Path.Combine(outside, "secret")),
        (random, folder, name) => Link(folder, name, new[] { "/dev/zero", "/dev/stdin", "/proc/self/fd/0", "/proc/self/mem", "/absent" }[random.Next(5)]),
        (_, folder, name) => Run("mkfifo", folder, name),
        (_, folder, name) => Run("mknod", folder, name, "c", "1", "5"),
        (_, folder, name) => Run("mknod", folder, name, "b", "7", "200"),
        (_, folder, name) => Socket(folder, name),
        (_, folder, name) => Directory.CreateDirectory(Path.Combine(folder, name, "inside")),
        (random, folder, name) => Nest(folder, name, random.Next(200, 600)),
        (random, folder, name) => Many(folder, name, random.Next(100, 500)),
        (_, folder, name) => Run("truncate", folder, "-s", "2T", name),
        (_, folder, name) => Run("truncate", folder, "-s", "8E", name),
        (_, folder, name) => Run("ln", folder, Path.Combine(outside, "secret"), name),
        (_, folder, name) => Shell(folder, $"printf x > \"{name}$(printf '\\377\\376')\""),
        (_, folder, name) => Shell(folder, $"printf x > '{name}\n\u001b[2J\u202e'"),
        (_, folder, name) => File.WriteAllText(Path.Combine(folder, name + new string('n', 255 - name.Length)), ""),
        (_, folder, name) => Shell(folder, $"mkdir -p '{name}' && printf x > '{name}/x' && chmod 000 '{name}'"),
        (_, folder, name) => Shell(folder, $"printf x > '{name}' && chmod 000 '{name}'"),
        (_, folder, name) => File.WriteAllText(Path.Combine(folder, name), new string('[', 400_000)),
        (_, folder, _) => Shell(folder, "ln -s . a; ln -s . b; ln -s . c"),
    ];

    /// <summary>Fills a new folder.</summary>
    public void Make(string folder, int seed)
    {
        var random = new Random(seed);
        Directory.CreateDirectory(folder);
        var parts = Parts;
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var name = random.Next(2) == 0 ? Expected[random.Next(Expected.Length)] : new[] { "-rf", "out", "work", "a b", ".git", "..x" }[random.Next(6)] + i;
            var place = Path.GetDirectoryName(Path.Combine(folder, name))!;
            if (!Path.Exists(place)) Directory.CreateDirectory(place);

            if (new DirectoryInfo(place) is not { Exists: true, LinkTarget: null }) continue;
            try
            {
                // All kinds in turn, so that none is left out.
                parts[i == 1 ? seed % parts.Length : random.Next(parts.Length)](random, place, Path.GetFileName(name));
            }
            catch (IOException)
            {
                // Something stands there already, which is another shape.
            }
        }
    }

    private static void Link(string folder, string name, string target)
    {
        using var top = FolderHandle.Open(folder);
        top.WriteLink(name, target, replaces: false);
    }

    private static void Socket(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (Path.Exists(path) || path.Length > 100) return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var moved = Path.Combine(Path.GetTempPath(), $"assay-{Guid.NewGuid():N}");
        socket.Bind(new UnixDomainSocketEndPoint(moved));
        File.Move(moved, path);
    }

    private static void Nest(string folder, string name, int depth)
    {
        var at = FolderHandle.Open(folder);
        for (var i = 0; i < depth; i++)
        {
            var next = at.MakeFolder(i == 0 ? name : "d");
            at.Dispose();
            at = next;
        }

        at.TryCreate("deepest")?.Dispose();
        at.Dispose();
    }

    private static void Many(string folder, string name, int count)
    {
        using var top = FolderHandle.Open(folder);
        for (var i = 0; i < count; i++) top.TryCreate($"{name}-{i}")?.Dispose();
    }

    private static void Shell(string folder, string script) => Run("sh", folder, "-c", script);

    /// <summary>What fails leaves the folder as it is, which is another shape.</summary>
    private static void Run(string program, string folder, params string[] words)
    {
        var start = new ProcessStartInfo(program, words.Select((w, i) => i == 0 && w.StartsWith('-') && program is "mkfifo" or "mknod" ? $"./{w}" : w))
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        process.WaitForExit();
    }
}
