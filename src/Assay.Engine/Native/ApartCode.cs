using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>
/// Machine code (x86-64, System V) that has a script's calls made by a process of its own with this one's memory and open files, while the
/// calling thread stands still in the kernel (<c>clone</c> with CLONE_VM, CLONE_FILES and CLONE_VFORK). Managed code should not: the runtime would
/// take that process for the thread, and have it wait when memory is collected. It touches no stack.
/// </summary>
internal static unsafe class ApartCode
{
    private const long MapCall = 9;
    private const long ProtectCall = 10;
    private const long ReadAndWrite = 3;
    private const long ReadAndExecute = 5;
    private const long PrivateAndAnonymous = 0x22;

    /// <summary>Operations of 80 bytes: number, six arguments, first, result, may fail (<see cref="SyscallScript.Op"/>).</summary>
    private static ReadOnlySpan<byte> Code =>
    [
        0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, //       push rbx, rbp, r12, r13, r14
        0x48, 0x89, 0xFB, 0x48, 0x89, 0xF5, //                   mov rbx, rdi (operations); mov rbp, rsi (how many)
        0x49, 0x89, 0xD4, 0x49, 0x89, 0xCD, //                   mov r12, rdx (index of the failed one); mov r13, rcx (its error)
        0xB8, 0x38, 0x00, 0x00, 0x00, //                         mov eax, 56 (clone)
        0xBF, 0x00, 0x45, 0x00, 0x00, //                         mov edi, 0x4500 (its flags)
        0x31, 0xF6, 0x31, 0xD2, 0x45, 0x31, 0xD2, 0x45, 0x31, 0xC0, // xor esi, esi; edx, edx; r10d, r10d; r8d, r8d
        0x0F, 0x05, //                                           syscall
        0x48, 0x85, 0xC0, 0x75, 0x6D, //                         test rax, rax; jne parent
        0x45, 0x31, 0xF6, //                                     xor r14d, r14d (index)
        0x49, 0x39, 0xEE, 0x73, 0x54, //                  again: cmp r14, rbp; jae done
        0x48, 0x8B, 0x03, 0x48, 0x8B, 0x7B, 0x08, //             mov rax, [rbx]; mov rdi, [rbx+8]
        0x48, 0x8B, 0x4B, 0x38, 0x48, 0x85, 0xC9, 0x74, 0x03, // mov rcx, [rbx+56] (first); test rcx, rcx; je own
        0x48, 0x63, 0x39, //                                     movsxd rdi, dword [rcx]
        0x48, 0x8B, 0x73, 0x10, 0x48, 0x8B, 0x53, 0x18, //  own: mov rsi, [rbx+16]; mov rdx, [rbx+24]
        0x4C, 0x8B, 0x53, 0x20, 0x4C, 0x8B, 0x43, 0x28, //       mov r10, [rbx+32]; mov r8, [rbx+40]
        0x4C, 0x8B, 0x4B, 0x30, 0x0F, 0x05, //                   mov r9, [rbx+48]; syscall
        0x48, 0x8B, 0x4B, 0x40, 0x48, 0x85, 0xC9, 0x74, 0x02, // mov rcx, [rbx+64] (result); test rcx, rcx; je kept
        0x89, 0x01, //                                           mov [rcx], eax
        0x48, 0x85, 0xC0, 0x79, 0x12, //                   kept: test rax, rax; jns next
        0x83, 0x7B, 0x48, 0x00, 0x75, 0x0C, //                   cmp dword [rbx+72], 0 (may fail); jne next
        0x45, 0x89, 0x34, 0x24, 0xF7, 0xD8, //                   mov [r12], r14d; neg eax
        0x41, 0x89, 0x45, 0x00, 0xEB, 0x11, //                   mov [r13], eax; jmp over
        0x48, 0x83, 0xC3, 0x50, 0x49, 0xFF, 0xC6, //       next: add rbx, 80; inc r14
        0xEB, 0xA7, //                                           jmp again
        0x41, 0xC7, 0x04, 0x24, 0xFF, 0xFF, 0xFF, 0xFF, // done: mov dword [r12], -1 (none failed)
        0x31, 0xFF, 0xB8, 0x3C, 0x00, 0x00, 0x00, //       over: xor edi, edi; mov eax, 60 (exit)
        0x0F, 0x05, //                                           syscall
        0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, // parent: pop r14, r13, r12, rbp, rbx
        0xC3, //                                                 ret, with the process's id, or an error below 0
    ];

    /// <summary>The code where it can be called: operations, how many, where the index of the failed one goes, and where its error goes.</summary>
    public static delegate* unmanaged<SyscallScript.Op*, long, int*, int*, long> Load()
    {
        var page = Libc.Syscall(MapCall, 0, Environment.SystemPageSize, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        if (page < 0) throw new InvalidOperationException($"mmap: {Libc.LastError()}");
        Code.CopyTo(new Span<byte>((void*)page, Code.Length));
        var isSealed = Libc.Syscall(ProtectCall, page, Environment.SystemPageSize, ReadAndExecute, 0, 0, 0) == 0;
        if (!isSealed) throw new InvalidOperationException($"mprotect: {Libc.LastError()}");
        return (delegate* unmanaged<SyscallScript.Op*, long, int*, int*, long>)page;
    }
}
