using System.Runtime.InteropServices;

namespace Assay.Tests;

/// <summary>A thread on which every sync of a file fails with EIO, by the kernel's own filter; other threads know nothing of it.</summary>
internal static unsafe partial class FailingSync
{
    private const int NoNewPrivileges = 38;
    private const int SetSeccomp = 22;
    private const uint InputOutputError = 5;

    /// <summary>Does something on such a thread, and waits for it.</summary>
    public static T On<T>(Func<T> act)
    {
        T? result = default;
        Exception? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                Install();
                result = act();
            }
            catch (Exception e)
            {
                thrown = e;
            }
        });
        thread.Start();
        thread.Join();
        return thrown is null ? result! : throw thrown;
    }

    private static void Install()
    {
        var (fsync, fdatasync) = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? (74u, 75u) : (82u, 83u);
        var code = stackalloc Instruction[]
        {
            new(0x20, 0, 0, 0), new(0x15, 1, 0, fsync), new(0x15, 0, 1, fdatasync), new(0x06, 0, 0, 0x00050000 | InputOutputError), new(0x06, 0, 0, 0x7fff0000),
        };
        var program = new Program { Length = 5, Code = code };
        if (PrCtl(NoNewPrivileges, 1, 0, 0, 0) != 0 || PrCtl(SetSeccomp, 2, (nint)(&program), 0, 0) != 0) throw new IOException("this kernel takes no filter");
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int PrCtl(int option, nint a, nint b, nint c, nint d);

    private readonly record struct Instruction(ushort Code, byte True, byte False, uint K);

    private struct Program
    {
        public ushort Length;
        public Instruction* Code;
    }
}
