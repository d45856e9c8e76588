using System.Text.Json.Serialization;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>How this host holds caged work (cage.md, "Mechanism by host").</summary>
internal enum Mechanism
{
    /// <summary>Not at all: the levels other than none are refused.</summary>
    [JsonStringEnumMemberName("missing")]
    Missing,

    /// <summary>Landlock and seccomp on the spawning thread: contents and network are held, metadata is not.</summary>
    [JsonStringEnumMemberName("landlock")]
    Landlock,

    /// <summary>bubblewrap makes the view and the namespaces, since only it may as this user.</summary>
    [JsonStringEnumMemberName("bubblewrap")]
    Bubblewrap,

    /// <summary>A view and namespaces of the run's own, made by the spawning thread, with Landlock and seccomp inside.</summary>
    [JsonStringEnumMemberName("view")]
    View,
}
