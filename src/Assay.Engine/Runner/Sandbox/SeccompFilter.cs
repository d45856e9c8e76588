using Assay.Engine.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// Which system calls caged work may make (cage.md, "The filter"). Everything is allowed but what reaches outside, since programs are many;
/// what is refused is refused with an error that programs know. The numbers are those of x86-64.
/// </summary>
internal static class SeccompFilter
{
    private const uint Allow = 0x7FFF0000;
    private const uint Kill = 0x80000000;
    private const uint Errno = 0x00050000;
    private const uint Refuse = Errno | 1; // EPERM
    private const uint Unknown = Errno | 38; // ENOSYS
    private const uint Unsupported = Errno | 95; // EOPNOTSUPP

    /// <summary>Success without effect: an error would break build systems that only want to be nice.</summary>
    private const uint Pretend = Errno;

    private const uint X64 = 0xC000003E;
    private const uint FirstX32 = 0x40000000;
    private const uint FirstUnknown = 471;

    private const uint Socket = 41;
    private const uint SocketPair = 53;
    private const uint UnixFamily = 1;
    private const uint Inet = 2;
    private const uint Inet6 = 10;
    private const uint TypeMask = 15;
    private const uint Stream = 1;
    private const uint SeqPacket = 5;
    private const uint Tcp = 6;
    private const uint Udp = 17;

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.</summary>
    private const uint NewNamespaces = 0x7E020000;

    private const uint NewTimeNamespace = 0x80;

    /// <summary>S_ISUID, S_ISGID.</summary>
    private const uint SetIds = 0xC00;

    /// <summary>O_CREAT, and what of O_TMPFILE is no O_DIRECTORY.</summary>
    private const uint Creating = 0x400040;

    private static readonly uint[] Refused =
    [
        165, 166, 155, 161, 308, 428, 429, 430, 431, 432, 433, 442, 467, // mount and its kin, pivot_root, chroot, setns
        101, 310, 311, 438, 440, 448, 312, 256, 279, // ptrace, process_vm_*, pidfd_getfd, process_madvise, process_mrelease, kcmp, *_pages
        321, 298, 425, 426, 427, 248, 249, 250, 323, 300, 301, // bpf, perf_event_open, io_uring, keys, userfaultfd, fanotify
        246, 320, 175, 313, 174, 176, 169, 167, 168, // kexec, modules, reboot, swap
        164, 227, 159, 305, 170, 171, 179, 443, 163, 303, 304, // clocks, host names, quotactl, acct, files by handle
        103, 172, 173, 153, 134, 177, 178, 180, 212, // syslog, iopl, ioperm, vhangup, and calls of other days
    ];

    /// <summary>System V shared memory, semaphores and messages, and POSIX message queues.</summary>
    private static readonly uint[] SharedByName = [29, 30, 31, 67, 64, 65, 66, 220, 68, 69, 70, 71, 240, 241, 242, 243, 244, 245];

    /// <summary>The filter for what a run has of its own.</summary>
    /// <param name="hasView">A view and an IPC namespace of its own, so that sockets with paths and names reach nobody else.</param>
    /// <param name="hasNetwork">It may use the network, or has one of its own with nothing but loopback.</param>
    /// <param name="mayCallByPath">Whether it may use sockets with paths: no socket of the host lies in what it was granted.</param>
    public static Bpf.Instruction[] Build(bool hasView, bool hasNetwork, bool mayCallByPath)
    {
        var filter = new Bpf();
        filter.LoadArchitecture();
        filter.AnswerUnlessEqual(X64, Kill);
        filter.LoadNumber();
        filter.AnswerIfAtLeast(FirstX32, Kill);
        filter.AnswerIfAtLeast(FirstUnknown, Unknown);
        filter.AnswerIfEqual(435, Unknown); // clone3 and openat2, whose arguments no filter can read
        filter.AnswerIfEqual(437, Unknown);
        filter.AnswerIfEqual(206, Unknown); // io_setup takes of what there is once for the host (fs.aio-max-nr)
        foreach (var number in Refused) filter.AnswerIfEqual(number, Refuse);
        if (!hasView) Array.ForEach(SharedByName, number => filter.AnswerIfEqual(number, Refuse));
        Namespaces(filter);
        Sockets(filter, hasView && mayCallByPath, hasNetwork);
        OfOthers(filter);
        Privileges(filter);
        filter.Answer(Allow);
        return filter.Code;
    }

    private static void Namespaces(Bpf filter)
    {
        filter.ForCall(56, () => ArgumentBits(filter, 0, NewNamespaces)); // clone
        filter.ForCall(272, () => ArgumentBits(filter, 0, NewNamespaces | NewTimeNamespace)); // unshare
    }

    private static void Sockets(Bpf filter, bool hasUnix, bool hasNetwork)
    {
        uint[] families = [.. hasUnix ? [UnixFamily] : Array.Empty<uint>(), .. hasNetwork ? [Inet, Inet6] : Array.Empty<uint>()];
        filter.ForCall(Socket, () =>
        {
            filter.LoadArgument(0);
            filter.AnswerUnlessOneOf(families, Refuse);
            filter.LoadArgument(2);
            filter.AnswerUnlessOneOf([0, Tcp, Udp], Refuse);
        });

        // A pair of datagram sockets can send to the path of any socket; SOCK_RAW is the same here.
        filter.ForCall(SocketPair, () =>
        {
            filter.LoadArgument(1);
            filter.Mask(TypeMask);
            filter.AnswerUnlessOneOf(hasUnix ? [Stream, SeqPacket] : [Stream], Refuse);
        });
    }

    /// <summary>What could change another process, a terminal, or hide blocks of the disk.</summary>
    private static void OfOthers(Bpf filter)
    {
        filter.ForCall(16, () =>
        {
            filter.LoadArgument(1);
            filter.AnswerIfEqual(0x5412, Refuse); // TIOCSTI
            filter.AnswerIfEqual(0x541C, Refuse); // TIOCLINUX
        });
        filter.ForCall(285, () => ArgumentNotZero(filter, 1, Unsupported)); // fallocate with a mode
        filter.ForCall(72, () => // fcntl: leases and notices hold up whoever opens the file
        {
            filter.LoadArgument(1);
            filter.AnswerIfEqual(1024, Refuse); // F_SETLEASE
            filter.AnswerIfEqual(1026, Refuse); // F_NOTIFY
        });
        filter.ForCall(157, () =>
        {
            filter.LoadArgument(0);
            filter.AnswerIfEqual(29, Refuse); // PR_SET_TIMERSLACK
        });
        filter.ForCall(302, () => // prlimit64 that sets the limits of another
        {
            filter.LoadArgument(0);
            filter.UnlessEqual(0, () =>
            {
                filter.LoadArgument(2);
                filter.UnlessEqual(0, () => filter.Answer(Refuse));
                filter.LoadUpperArgument(2);
                filter.UnlessEqual(0, () => filter.Answer(Refuse));
            });
        });
        foreach (var number in new uint[] { 203, 144, 142, 314 }) filter.ForCall(number, () => ArgumentNotZero(filter, 0, Pretend)); // sched_set*
        filter.ForCall(141, () => Priority(filter, wholeUser: 2)); // setpriority
        filter.ForCall(251, () => Priority(filter, wholeUser: 3)); // ioprio_set
    }

    /// <summary>A program of root's that takes its owner's rights must not be left where others can run it.</summary>
    private static void Privileges(Bpf filter)
    {
        // chmod, creat, mknod and their kin
        foreach (var (number, mode) in new (uint, uint)[] { (90, 1), (91, 1), (268, 2), (452, 2), (85, 1), (133, 1), (259, 2) })
        {
            filter.ForCall(number, () => ArgumentBits(filter, mode, SetIds));
        }

        foreach (var (number, flags) in new (uint, uint)[] { (2, 1), (257, 2) }) // open, openat
        {
            filter.ForCall(number, () =>
            {
                filter.LoadArgument(flags);
                filter.Mask(Creating);
                filter.UnlessEqual(0, () => ArgumentBits(filter, flags + 1, SetIds));
            });
        }
    }

    private static void Priority(Bpf filter, uint wholeUser)
    {
        filter.LoadArgument(0);
        filter.AnswerIfEqual(wholeUser, Pretend);
        ArgumentNotZero(filter, 1, Pretend);
    }

    private static void ArgumentBits(Bpf filter, uint argument, uint bits)
    {
        filter.LoadArgument(argument);
        filter.AnswerIfAnyBit(bits, Refuse);
    }

    private static void ArgumentNotZero(Bpf filter, uint argument, uint action)
    {
        filter.LoadArgument(argument);
        filter.UnlessEqual(0, () => filter.Answer(action));
    }
}
