using System.Runtime.InteropServices;

namespace Assay.Engine.Native;

/// <summary>posix_spawn and its attributes. These return an error number directly and do not set errno.</summary>
internal static unsafe partial class SpawnCalls
{
    /// <summary>More than glibc's posix_spawnattr_t (336 bytes) and posix_spawn_file_actions_t (80) take.</summary>
    public const int StructBytes = 512;

    /// <summary>sigset_t of glibc.</summary>
    public const int SigSetBytes = 128;

    public const short SETSIGDEF = 0x04;
    public const short SETSIGMASK = 0x08;
    public const short SETSID = 0x80;

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int Spawn(int* pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSigDefault(void* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSigMask(void* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int ActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int ActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int ActionsAddDup2(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ActionsAddOpen(void* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ActionsAddChdir(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static partial int ActionsAddCloseFrom(void* actions, int firstFd);

    [LibraryImport("libc", EntryPoint = "pthread_attr_init")]
    public static partial int ThreadAttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "pthread_attr_setdetachstate")]
    public static partial int ThreadAttributesSetDetached(void* attributes, int state);

    [LibraryImport("libc", EntryPoint = "pthread_attr_setstacksize")]
    public static partial int ThreadAttributesSetStackSize(void* attributes, nuint bytes);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int SigFillSet(byte* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SigEmptySet(byte* set);
}
