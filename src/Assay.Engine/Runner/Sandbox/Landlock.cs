using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>Landlock rulesets (landlock(7)): what a domain handles, and what of it is granted below which paths.</summary>
internal static unsafe class Landlock
{
    /// <summary>The first version that can refuse to cut files short, which makes read-only true.</summary>
    public const int TruncateAbi = 3;

    /// <summary>The first version that keeps signals inside.</summary>
    public const int ScopeAbi = 6;

    public const ulong Execute = 1 << 0;
    public const ulong WriteFile = 1 << 1;
    public const ulong ReadFile = 1 << 2;
    public const ulong ReadFolder = 1 << 3;
    public const ulong Truncate = 1 << 14;
    public const ulong IoctlDevice = 1 << 15;

    public const ulong Reading = Execute | ReadFile | ReadFolder;

    /// <summary>What is done with devices that hold nothing.</summary>
    public const ulong OfDevices = ReadFile | WriteFile | Truncate;

    /// <summary>Everything but making devices.</summary>
    public const ulong Writing = ((1UL << 16) - 1) & ~(MakeCharacterDevice | MakeBlockDevice);

    /// <summary>What a rule may grant on a file that is no folder.</summary>
    public const ulong OfFiles = Execute | WriteFile | ReadFile | Truncate | IoctlDevice;

    public const ulong ScopeAbstractSockets = 1;
    public const ulong ScopeSignals = 2;

    private const ulong MakeCharacterDevice = 1 << 6;
    private const ulong MakeBlockDevice = 1 << 11;

    private const int RulePathBeneath = 1;
    private const int GetVersion = 1;

    /// <summary>struct landlock_ruleset_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RulesetAttributes
    {
        public ulong Files;
        public ulong Network;
        public ulong Scoped;
    }

    /// <summary>struct landlock_path_beneath_attr, which is packed.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct PathBeneath
    {
        public ulong Access;
        public int Parent;
    }

    /// <summary>The kernel's version; 0: it has none, or it is turned off.</summary>
    public static int Abi { get; } = (int)Math.Max(0, Libc.Syscall(SyscallNumbers.LandlockCreateRuleset, 0, 0, GetVersion, 0, 0, 0));

    /// <summary>Rights on files that this kernel knows.</summary>
    public static ulong Known { get; } = Abi switch
    {
        <= 0 => 0,
        1 => (1UL << 13) - 1,
        2 => (1UL << 14) - 1,
        3 or 4 => (1UL << 15) - 1,
        _ => (1UL << 16) - 1,
    };

    /// <summary>A new ruleset, as a file descriptor.</summary>
    /// <param name="files">Whether access to files is handled: what is not granted is refused then.</param>
    /// <param name="scoped">What is kept inside, where the kernel can.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static int Create(bool files, ulong scoped)
    {
        var attributes = new RulesetAttributes { Files = files ? Known : 0, Scoped = Abi >= ScopeAbi ? scoped : 0 };
        var size = Abi >= ScopeAbi ? sizeof(RulesetAttributes) : Abi >= 4 ? 2 * sizeof(ulong) : sizeof(ulong);
        var ruleset = (int)Libc.Syscall(SyscallNumbers.LandlockCreateRuleset, (long)&attributes, size, 0, 0, 0, 0);
        return ruleset >= 0 ? ruleset : throw new IOException($"landlock_create_ruleset: {Libc.LastError()}");
    }

    /// <summary>Grants rights on a file or folder and all below it. What is not there grants nothing.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void Grant(int ruleset, string path, ulong rights)
    {
        var place = Libc.Open(path, Libc.O_PATH | Libc.O_CLOEXEC, 0);
        if (place < 0) return;
        try
        {
            var rule = new PathBeneath { Access = (Directory.Exists(path) ? rights : rights & OfFiles) & Known, Parent = place };
            if (Libc.Syscall(SyscallNumbers.LandlockAddRule, ruleset, RulePathBeneath, (long)&rule, 0, 0, 0) != 0)
            {
                throw new IOException($"landlock_add_rule {path}: {Libc.LastError()}");
            }
        }
        finally
        {
            _ = Libc.Close(place);
        }
    }

    /// <summary>Grants rights on a folder that only the spawning thread can see.</summary>
    public static void GrantInView(SyscallScript script, int ruleset, string path, ulong rights)
    {
        var rule = (PathBeneath*)script.Copy(new PathBeneath { Access = rights & Known });
        var parent = &rule->Parent;
        script.Call($"open {path}", SyscallNumbers.Open, script.Text(path), Libc.O_PATH | Libc.O_CLOEXEC).Into(parent);
        script.Call($"landlock_add_rule {path}", SyscallNumbers.LandlockAddRule, ruleset, RulePathBeneath, (long)rule);
        script.Call($"close {path}", SyscallNumbers.Close).With(parent);
    }
}
