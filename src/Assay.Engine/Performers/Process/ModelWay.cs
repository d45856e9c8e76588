using Assay.Engine.Gateways;
using Assay.Engine.Performers.Files;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Process;

/// <summary>The gateway of one attempt with its log, from before the process starts until the log is evidence.</summary>
internal sealed class ModelWay : IDisposable
{
    private readonly string _root;
    private readonly string _file;
    private readonly FileStream _stream;
    private readonly IOpenGateway _gateway;

    /// <param name="gateways">Opens it.</param>
    /// <param name="gateway">What is asked for.</param>
    /// <param name="root">The folder below which the log lies.</param>
    /// <exception cref="IOException">It cannot be opened; the message says why.</exception>
    public ModelWay(IModelGateways? gateways, ModelGateway gateway, string root)
    {
        if (gateways is null) throw new IOException("this program has no gateway to models");
        var key = gateway.ApiKeyFile is { } keyFile ? ApiKey.Read(keyFile) : null;
        _root = root;
        (_file, var handle) = FreshPath.CreateFile(root, gateway.LogFile);
        _stream = new FileStream(handle, FileAccess.Write, bufferSize: 0);
        try
        {
            _gateway = gateways.Open(gateway, key, _stream);
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    public int Port => _gateway.Port;

    public string Key => _gateway.Key;

    /// <summary>Whether the run has to end.</summary>
    public KillReason? Reason => _gateway.Stop switch
    {
        GatewayStop.Spent => KillReason.CostLimit,
        GatewayStop.Unreachable => KillReason.ModelUnreachable,
        _ => null,
    };

    /// <summary>Ends it, and makes its log durable. To be called once, when nothing of the run is left.</summary>
    public GatewayReport End()
    {
        var totals = _gateway.End();
        _stream.Flush();
        var path = Path.Combine(_root, _file);
        DurableFile.Sync(path);
        DurableFile.SyncFolders(_root, [path]);
        var (log, _) = EvidenceReader.ReadNamed(_root, new CollectedName(_file, long.MaxValue, Content: false));
        return new GatewayReport
        {
            Requests = totals.Requests,
            Failed = totals.Failed,
            InputTokens = totals.InputTokens,
            CachedTokens = totals.CachedTokens,
            OutputTokens = totals.OutputTokens,
            Cost = totals.Cost,
            CostAtMost = totals.Cost is null ? totals.CostAtMost : null,
            Stop = totals.Stop,
            Reason = totals.Reason,
            Log = log.Sha256 is { } digest ? new Captured(_file, log.SizeBytes, digest, Truncated: false) : Captured.Nothing(_file),
        };
    }

    public void Dispose()
    {
        _gateway.Dispose();
        _stream.Dispose();
    }
}
