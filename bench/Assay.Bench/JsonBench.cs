using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;

namespace Assay.Bench;

/// <summary>Reading, canonicalizing and validating a typical document, against what the framework's own parser and writer take for it.</summary>
internal static class JsonBench
{
    private const int Rounds = 20_000;

    private static readonly byte[] Crucible = Encoding.UTF8.GetBytes("""
        {"schema_version":"crucible_v1","crucible_id":"CRU_SMOKE","title":"sorts small inputs","kernel_targets":["SORTLIB","OTHER"],
         "input":{"prompt":"","files":["cases.txt","expected.txt"]},"command":["./smoke.sh","{seed}","--verbose","--output","result.txt"],
         "budgets":{"time_ms":10000,"kernel_timeout_kill_ms":10500,"runner_memory_max_mb":256,"stdout_max_bytes":65536,"stderr_max_bytes":65536,"max_processes":64},
         "sandbox":"none","retry_safe":false,
         "expect":{"expected_outcome":"PASS","exit_code":0,"replay_verification":"NOT_REQUIRED","required_files":["result.txt"],"governance_expectations":{"required_event_types":["A","B"]}}}
        """);

    public static Task RunAsync(Report report, string folder)
    {
        var value = StrictJson.Parse(Crucible, "bench").Value;
        report.Table($"A document of {Crucible.Length} bytes", "thousand documents a second");
        report.Row("framework: parse", Measure(() => JsonDocument.Parse(Crucible).Dispose()), "0");
        report.Row("framework: parse and write", Measure(() => JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize<JsonElement>(Crucible))), "0");
        report.Row("assay: read strictly", Measure(() => StrictJson.Parse(Crucible, "bench")), "0");
        report.Row("assay: canonical form", Measure(() => CanonicalJson.Serialize(value)), "0");
        report.Row("assay: validate against crucible_v1", Measure(() => ContractCatalog.Validate("crucible_v1", value)), "0");
        return Task.CompletedTask;
    }

    private static double Measure(Action action)
    {
        for (var i = 0; i < Rounds / 4; i++) action();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Rounds; i++) action();
        return Rounds / watch.Elapsed.TotalSeconds / 1000;
    }
}
