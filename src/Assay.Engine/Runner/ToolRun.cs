using System.Diagnostics;
using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>Runs a program that Assay itself needs, in the cage that docs/cage.md gives it, and returns what it prints.</summary>
internal static unsafe class ToolRun
{
    /// <summary>The number that the first descriptor has which a tool is given.</summary>
    public const int FirstDescriptor = 3;

    private const long MaxOutputBytes = 1L << 30;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What a tool printed, and how it ended.</summary>
    public readonly record struct Result(int ExitCode, byte[] Output, byte[] Error);

    /// <summary>Runs it to its end.</summary>
    /// <param name="plan">What it may reach.</param>
    /// <param name="words">The program by name or path, and its arguments.</param>
    /// <param name="environment">All of its environment, as <c>NAME=value</c>.</param>
    /// <param name="input">Bytes for standard input.</param>
    /// <param name="descriptors">Descriptors of ours that it gets from <see cref="FirstDescriptor"/> on.</param>
    /// <exception cref="IOException">It cannot be started, or did not end by itself.</exception>
    public static Result Run(CagePlan plan, IReadOnlyList<string> words, IReadOnlyList<string> environment, byte[] input, params IReadOnlyList<int> descriptors)
    {
        var program = ProgramPath.Find(words[0], Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin")
            ?? throw new IOException($"{words[0]} is not installed: apt-get install {words[0]}");
        var request = new SpawnRequest
        {
            Program = program,
            Words = [program, .. words.Skip(1)],
            Environment = environment,
            Folder = plan.WorkFolder,
            WithStdin = true,
            Descriptors = descriptors,
        };
        var caps = new ProcessCaps { TimeMs = 0, KillMs = 0, StdoutBytes = 0, StderrBytes = 0 };
        using var tree = new ProcessTree("");
        using var started = Cage.Start(plan, request, tree, caps, gate: null);
        if (started.Problem is { } problem) throw new IOException(problem);
        using var feed = new InputFeed(input, started.Child.Stdin);
        var (output, error) = (new MemoryStream(), new MemoryStream());
        var ended = Pump(started.Child, feed, output, error);
        if (!ended) _ = Libc.Kill(started.Child.Pid, Libc.SIGKILL);
        int status;
        while (Libc.Wait4(started.Child.Pid, &status, 0, null) < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR)
        {
        }

        started.Thread!.EndAll();
        foreach (var fd in new[] { started.Child.PidFd, started.Child.Stdout, started.Child.Stderr }) _ = Libc.Close(fd);
        if (!ended || (status & 0x7F) != 0) throw new IOException($"{words[0]} did not end by itself");
        return new Result((status >> 8) & 0xFF, output.ToArray(), error.ToArray());
    }

    /// <summary>Moves bytes until the tool has ended; false when it takes too long or prints too much.</summary>
    private static bool Pump(Spawner.Child child, InputFeed feed, MemoryStream output, MemoryStream error)
    {
        var watch = Stopwatch.StartNew();
        var buffer = OutputCapture.NewBuffer();
        var fds = stackalloc Libc.PollFd[4];
        while (watch.Elapsed < Patience && output.Length + error.Length < MaxOutputBytes)
        {
            fds[0] = new Libc.PollFd { Fd = child.PidFd, Events = Libc.POLLIN };
            fds[1] = new Libc.PollFd { Fd = child.Stdout, Events = Libc.POLLIN };
            fds[2] = new Libc.PollFd { Fd = child.Stderr, Events = Libc.POLLIN };
            fds[3] = new Libc.PollFd { Fd = feed.Pipe, Events = Libc.POLLOUT };
            _ = Libc.Poll(fds, 4, 1000);
            var moved = Take(child.Stdout, buffer, output) + Take(child.Stderr, buffer, error);
            if (fds[3].Revents != 0) feed.Pump();
            if (fds[0].Revents != 0 && moved == 0) return true;
        }

        return false;
    }

    private static int Take(int pipe, byte[] buffer, MemoryStream target)
    {
        fixed (byte* bytes = buffer)
        {
            var length = (int)Libc.Read(pipe, bytes, (nuint)buffer.Length);
            if (length <= 0) return 0;
            target.Write(buffer, 0, length);
            return length;
        }
    }
}
