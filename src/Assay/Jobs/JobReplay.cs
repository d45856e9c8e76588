using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Lanes.Jobs;
using Assay.Native;

namespace Assay.Jobs;

/// <summary>Replays an <c>events.jsonl</c>, whichever version its lines have: earlier ones stay readable.</summary>
public static class JobReplay
{
    private static readonly string[] Known = ["job_event_v1", "job_event_v2", "job_event_v3"];

    private static readonly Dictionary<string, string> Terminal = new(StringComparer.Ordinal)
    {
        ["DONE"] = "DONE",
        ["ERROR"] = "ERROR",
        ["STOPPED_BUDGET"] = "STOPPED_BUDGET",
        ["CANCELLED"] = "CANCELLED",
        ["CANCEL_REQUESTED"] = "CANCELLING",
    };

    private const long MaxBytes = 64 << 20;

    /// <summary>Reads a file line by line.</summary>
    /// <returns>Where the job stands, or the first line that is no event.</returns>
    public static Checked<JobReplayResult> Read(string path)
    {
        string[] lines;
        try
        {
            using var file = OpenedFile.ToReadOrPipe(path);
            lines = file.Problem is { } problem
                ? throw new IOException(problem)
                : Encoding.UTF8.GetString(file.ReadAll(MaxBytes)).Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new InputProblem(path, "", "file", e.Message);
        }

        var number = 0;
        var versions = new SortedDictionary<string, int>(StringComparer.Ordinal);
        string? job = null;
        var (state, step) = ("NONE", (string?)null);
        var approved = ImmutableArray.CreateBuilder<string>();
        foreach (var line in lines[^1].Length == 0 ? lines[..^1] : lines)
        {
            number++;
            var read = Line(line, path, number);
            if (!read.IsValid) return Checked<JobReplayResult>.Refused(read.Problems);
            var root = read.Value;
            var version = root.GetProperty("schema_version").GetString()!;
            versions[version] = versions.GetValueOrDefault(version) + 1;
            var id = root.GetProperty("job_id").GetString()!;
            if (job is not null && id != job) return new InputProblem(path, "/job_id", "job_id", $"is {id}, but the lines before are of {job}", number);
            job = id;
            var type = root.GetProperty("event_type").GetString()!;
            var named = root.TryGetProperty("outputs", out var outputs) && outputs.TryGetProperty("step", out var at) ? at.GetString() : null;
            if (type is "WAITING_APPROVAL" or "APPROVED" && named is null)
            {
                return new InputProblem(path, "/outputs/step", "step", $"{type} names no step", number);
            }

            if (type == "APPROVED" && (state, step) != ("WAITING_APPROVAL", named))
            {
                return new InputProblem(path, "/event_type", "approval", $"{named} is approved, but nothing waited for it", number);
            }

            if (type == "APPROVED") approved.Add(named!);
            if (state is "DONE" && type is not ("SPAWN_REQUESTED" or "SPAWNED" or "STOPPED_BUDGET" or "RERUN_REQUESTED"))
            {
                return new InputProblem(path, "/event_type", "order", $"{type} stands behind the end of the job", number);
            }

            (state, step) = Next(state, type, named, root);
        }

        return job is null
            ? new InputProblem(path, "", "empty", "holds no event")
            : new JobReplayResult(job, state, step, number, approved.ToImmutable(), versions.ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    private static (string State, string? Step) Next(string state, string type, string? step, JsonElement root) => type switch
    {
        "BLUEPRINT_SUBMITTED" or "IDEA_SUBMITTED" => (type, null),
        "WAITING_APPROVAL" => (type, step),
        "REJECTED" => (root.TryGetProperty("outputs", out var outputs) && outputs.TryGetProperty("replaced", out var replaced) && replaced.GetBoolean() ? "RUNNING" : type, null),
        _ when state == "DONE" => (state, null),
        _ => (Terminal.GetValueOrDefault(type, "RUNNING"), null),
    };

    private static Checked<JsonElement> Line(string line, string path, int number)
    {
        var read = StrictJson.Parse(Encoding.UTF8.GetBytes(line), path);
        if (!read.IsValid) return read.Problems[0] with { Line = number };
        var version = read.Value.ValueKind == JsonValueKind.Object && read.Value.TryGetProperty("schema_version", out var named) ? named.GetString() : null;
        if (version is null || !Known.Contains(version))
        {
            return new InputProblem(path, "/schema_version", "schema_version", $"must be {string.Join(" or ", Known)}", number);
        }

        var errors = ContractCatalog.Validate(version, read.Value);
        return errors.Count == 0 ? read.Value : new InputProblem(path, errors[0].InstancePointer, errors[0].Keyword, errors[0].Message, number);
    }
}
