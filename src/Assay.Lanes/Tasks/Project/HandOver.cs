using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>The project goes to another workspace.</summary>
/// <param name="To">That workspace.</param>
/// <param name="Key">By which the files of this record are called from now on.</param>
internal sealed record HandOverProject(string To, string Key) : Command;

/// <summary>The project has come back, and the files of this record have their names again.</summary>
internal sealed record TakeBackProject : Command;

internal sealed record ProjectHandedOver(string To, string Key) : Event;

internal sealed record ProjectTakenBack : Event;
