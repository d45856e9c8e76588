namespace Assay.Engine.Native;

/// <summary>Numbers of the system calls that a spawning thread makes, on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl).</summary>
internal static class SyscallNumbers
{
    public const long Read = 0;
    public const long Write = 1;
    public const long Open = 2;
    public const long Close = 3;
    public const long RtSigProcMask = 14;
    public const long Ioctl = 16;
    public const long Socket = 41;
    public const long Bind = 49;
    public const long Listen = 50;
    public const long NanoSleep = 35;
    public const long SetSockOpt = 54;
    public const long Wait4 = 61;
    public const long Kill = 62;
    public const long ChDir = 80;
    public const long MkDir = 83;
    public const long SymLink = 88;
    public const long CapSet = 126;
    public const long PivotRoot = 155;
    public const long Prctl = 157;
    public const long ChRoot = 161;
    public const long Mount = 165;
    public const long UMount = 166;
    public const long Unshare = 272;
    public const long SetNs = 308;
    public const long Seccomp = 317;
    public const long OpenTree = 428;
    public const long MoveMount = 429;
    public const long FsOpen = 430;
    public const long FsConfig = 431;
    public const long FsMount = 432;
    public const long MountSetAttr = 442;
    public const long LandlockCreateRuleset = 444;
    public const long LandlockAddRule = 445;
    public const long LandlockRestrictSelf = 446;
}
