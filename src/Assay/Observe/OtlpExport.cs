using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Assay.Observe;

/// <summary>
/// Sends metrics and traces over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector; its other <c>OTEL_…</c> variables count
/// too. Without it nothing is collected.
/// </summary>
internal sealed class OtlpExport : IDisposable
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const int FlushMs = 5_000;

    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;

    private OtlpExport(TracerProvider? traces, MeterProvider? metrics) => (_traces, _metrics) = (traces, metrics);

    /// <summary>Begins to send what sources and meters of a name tell. Two at once would send everything twice.</summary>
    public static OtlpExport Start(string name)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EndpointVariable))) return new OtlpExport(null, null);
        var version = typeof(OtlpExport).Assembly.GetName().Version?.ToString(3);
        var resource = ResourceBuilder.CreateDefault().AddService("assay", serviceVersion: version);
        return new OtlpExport(
            Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(name).AddOtlpExporter().Build(),
            Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(name).AddOtlpExporter().Build());
    }

    /// <summary>Sends what is left; a collector that does not answer is not waited for longer than a few seconds.</summary>
    public void Dispose()
    {
        _traces?.ForceFlush(FlushMs);
        _metrics?.ForceFlush(FlushMs);
        _traces?.Dispose();
        _metrics?.Dispose();
    }
}
