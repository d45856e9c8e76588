using Assay.Engine.Gateways;
using Assay.Kernel.Effects;

namespace Assay.Gateway;

/// <summary>The requests of one attempt: on record from when they arrive, paid for when they end, summed up for the attempt.</summary>
/// <param name="gateway">What the attempt may ask for.</param>
/// <param name="budget">Its money.</param>
/// <param name="log">A line for each.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestAccount(ModelGateway gateway, AttemptBudget budget, RequestLog log, TimeProvider time)
{
    private readonly HashSet<RelayedRequest> _open = [];
    private readonly Lock _gate = new();
    private (long Requests, long Failed, long Input, long Cached, long Output) _sums;

    /// <summary>What they came to so far.</summary>
    /// <param name="stop">Why the attempt has to end; null: it does not.</param>
    /// <param name="reason">The same in words.</param>
    public GatewayTotals Totals(GatewayStop? stop, string? reason)
    {
        lock (_gate)
        {
            return new GatewayTotals(
                _sums.Requests, _sums.Failed, _sums.Input, _sums.Cached, _sums.Output, budget.Spent, budget.AtMost, stop, reason);
        }
    }

    /// <summary>Takes in a request that has arrived.</summary>
    public RelayedRequest Open(string method, string path)
    {
        lock (_gate)
        {
            var request = new RelayedRequest(++_sums.Requests, time.GetUtcNow(), method, path);
            _open.Add(request);
            return request;
        }
    }

    /// <summary>Notes what a request has put aside, before it is sent.</summary>
    public void Begin(RelayedRequest request)
    {
        if (gateway.Prices is not null) log.Begin(request.FirstLine());
    }

    /// <summary>Closes one that has ended. Once is enough, whoever does it first.</summary>
    public void Settle(RelayedRequest request)
    {
        lock (_gate)
        {
            if (!_open.Remove(request)) return;
            if (!request.IsWell) _sums.Failed++;
            _sums.Input = Sum(_sums.Input, request.Count.Input);
            _sums.Cached = Sum(_sums.Cached, request.Count.Cached);
            _sums.Output = Sum(_sums.Output, request.Count.Output);
        }

        budget.Settle(request.Reserved, request.Cost(budget), request.SoFar(budget));
        log.Add(request.Line(gateway.Model, gateway.Prices is not null, budget), isAsked: request.Refusal is null);
    }

    /// <summary>Closes what is still under way: nobody will tell any more what became of it.</summary>
    public void SettleAll()
    {
        List<RelayedRequest> left;
        lock (_gate) left = [.. _open];
        foreach (var request in left)
        {
            request.IsCut = true;
            Settle(request);
        }
    }

    private static long Sum(long sum, long? more) => Math.Min(long.MaxValue / 2, sum + (more ?? 0));
}
