using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Assay.Telemetry;

/// <summary>
/// Sends metrics and traces over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector; its other <c>OTEL_…</c> variables count too. Without it nothing
/// is collected.
/// </summary>
internal sealed class OtlpExport : IDisposable
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const int FlushMs = 5_000;

    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;

    private OtlpExport(TracerProvider? traces, MeterProvider? metrics) => (_traces, _metrics) = (traces, metrics);

    public static OtlpExport Start()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EndpointVariable))) return new OtlpExport(null, null);
        var resource = ResourceBuilder.CreateDefault().AddService("assay", serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3));
        return new OtlpExport(
            Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(TaskTelemetry.Name).AddOtlpExporter().Build(),
            Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(TaskTelemetry.Name).AddOtlpExporter().Build());
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
