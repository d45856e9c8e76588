namespace Assay.Server.Api.Events;

/// <summary>Somebody who listens to a stream.</summary>
internal interface IEventClient
{
    /// <summary>Gives it an event; ends when it has taken it.</summary>
    Task SendAsync(FeedEvent told, CancellationToken end);

    /// <summary>Nothing has come for a while.</summary>
    Task StillHereAsync(CancellationToken end);
}
