using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// What is kept of an acceptance test that has not passed for whoever tries the task again (contract <c>failed_tests_v1</c>): its
/// result, and
/// the last of what it printed.
/// </summary>
internal static class FailedTest
{
    /// <summary>The document in the run root of the next attempt.</summary>
    public const string File = "failed_tests.json";

    /// <summary>The text in whose place it comes in a request.</summary>
    public const string Place = "{failed_tests}";

    /// <summary>The text of all tests of a task together, and of one however many there are.</summary>
    private const int MaxBytes = 64 << 10;
    private const int LeastBytes = 4 << 10;

    private const string Open = """{"schema_version":"failed_tests_v1","tests":[""";

    /// <summary>One test, as it is kept.</summary>
    /// <param name="spec">Its task.</param>
    /// <param name="result">A result that is no success.</param>
    /// <param name="run">How it ended; null: it passed, and what it did to its tree spoiled that.</param>
    /// <param name="evidence">What it printed.</param>
    public static Blob Of(TaskSpec spec, TestResult result, ProcessOutcome? run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var room = Math.Max(LeastBytes, MaxBytes / spec.AcceptanceTests.Length);
        var stdout = Clean(evidence.GetValueOrDefault("stdout").Span, room);
        var stderr = Clean(evidence.GetValueOrDefault("stderr").Span, room);
        var errors = Math.Min(stderr.Length, Math.Max(room / 2, room - stdout.Length));
        return Blob.Of(JsonLine.Canonical(new JsonObject
        {
            ["name"] = result.Name,
            ["required"] = result.Required,
            ["reason"] = result.Reason,
            ["exit_code"] = run?.ExitCode,
            ["signal"] = run?.Signal,
            ["cases"] = result.Tests,
            ["failures"] = result.Failures,
            ["first_failures"] = new JsonArray([.. result.FirstFailures.Select(f => JsonValue.Create(f))]),
            ["stdout_bytes"] = run?.Stdout.SizeBytes ?? 0,
            ["stderr_bytes"] = run?.Stderr.SizeBytes ?? 0,
            ["stdout"] = Encoding.UTF8.GetString(Tail(stdout, room - errors)),
            ["stderr"] = Encoding.UTF8.GetString(Tail(stderr, errors)),
        }));
    }

    /// <summary>The tests that the next attempt is told of: those of the last attempt that had any which failed.</summary>
    public static ImmutableArray<Digest> After(TaskState task)
    {
        ImmutableArray<Digest> failed = [.. task.Tests.Where(t => !t.Passed).Select(t => t.Output).OfType<Digest>()];
        return failed.IsEmpty ? task.FailedTests : failed;
    }

    /// <summary>The document for an attempt at a task. It has no parts where no test has failed.</summary>
    /// <param name="task">The task.</param>
    /// <param name="name">What it is called, or where it comes.</param>
    public static JoinedDocument Given(TaskState task, string name) => new(name, Open, task.FailedTests, "]}");

    /// <summary>The end of an output as UTF-8: what is none, and what steers a terminal, is replaced.</summary>
    private static byte[] Clean(ReadOnlySpan<byte> output, int most)
    {
        var text = Encoding.UTF8.GetString(Tail(output, most));
        return Encoding.UTF8.GetBytes(string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c)));
    }

    /// <summary>The last bytes, from the beginning of a character on.</summary>
    private static ReadOnlySpan<byte> Tail(ReadOnlySpan<byte> bytes, int most)
    {
        if (bytes.Length <= most) return bytes;
        var last = bytes[^most..];
        var at = 0;
        while (at < Math.Min(3, last.Length) && (last[at] & 0xC0) == 0x80) at++;
        return last[at..];
    }
}
