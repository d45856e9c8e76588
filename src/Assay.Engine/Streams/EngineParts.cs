using Assay.Engine.Performers;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>What all work on the streams of one engine shares. The engine makes these parts and ends them.</summary>
internal sealed class EngineParts
{
    public required Workspace Workspace { get; init; }

    /// <summary>The lanes by whose streams a command may be put.</summary>
    public required LaneSet Lanes { get; init; }

    /// <summary>The engine as an owner of streams.</summary>
    public required EngineSession Session { get; init; }

    public required TimeProvider Time { get; init; }

    public required Observers Observers { get; init; }

    public required CommandHandler Commands { get; init; }

    public HeldClaims Claims { get; } = new();

    public required AttemptMarkers Markers { get; init; }

    /// <summary>Who performs an effect, by its type.</summary>
    public required IReadOnlyDictionary<Type, IEffectPerformer> Performers { get; init; }

    /// <summary>The tail of commits, which listens once somebody asks for it.</summary>
    public required Lazy<Task<StreamTail>> LazyTail { get; init; }

    public Task<StreamTail> TailAsync() => LazyTail.Value;

    /// <summary>What the processes of the engine may take together.</summary>
    public HostRoom Room { get; set; } = HostRoom.OfThisHost();

    public void Tell(EngineNotice notice) => Observers.Tell(notice);

    /// <summary>A stream to which another puts a command, as it stands.</summary>
    public ValueTask<StreamMachine> OpenOtherAsync(StreamName stream) => Commands.OpenAsync(Lanes[stream], stream);

    public IEffectPerformer Performer(Effect effect) => Performers.TryGetValue(effect.GetType(), out var performer)
        ? performer
        : throw new InvalidOperationException($"this host performs no {effect.GetType().Name}");
}
