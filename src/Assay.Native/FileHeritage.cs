using System.Buffers.Binary;

namespace Assay.Native;

/// <summary>
/// What a file takes over from the one that it replaces, as far as the system permits: owner, group, user attributes, and who else may.
/// Not what lets a program act for somebody else (setuid, setgid, capabilities): who gave that gave it to another content.
/// </summary>
internal sealed unsafe class FileHeritage : IDisposable
{
    private readonly OpenedFile _file;
    private readonly string _name;

    /// <param name="file">The file that is replaced. It is closed with this.</param>
    /// <param name="name">Its name, for what is thrown.</param>
    public FileHeritage(OpenedFile file, string name) => (_file, _name) = (file, name);

    public void Dispose() => _file.Dispose();

    /// <summary>Gives a new file all that does not touch its permission bits, and takes from it what it has from its folder.</summary>
    /// <exception cref="IOException">It cannot be told what there is.</exception>
    public void Give(int descriptor)
    {
        if (_file.Handle is null) return;
        Statx was;
        fixed (byte* itself = "\0"u8)
        {
            if (Libc.StatXRaw(From, itself, Libc.AT_EMPTY_PATH, Statx.Basic, &was) != 0) return;
        }

        // A user who may not give it away may still give it to a group of his own.
        if (Libc.FChOwn(descriptor, was.User, was.Group) != 0) _ = Libc.FChOwn(descriptor, uint.MaxValue, was.Group);
        AttachedAttributes.CopyOfUsers(From, descriptor, _name);
        _ = Libc.FRemoveXAttr(descriptor, AttachedAttributes.AccessList);
    }

    /// <summary>Lets those have the file who had the other: its bits and its list in one step, so that it is never half finished.</summary>
    public void Open(int descriptor, uint mode)
    {
        if (_file.Handle is null || AttachedAttributes.Value(From, AttachedAttributes.AccessList) is not { } list) return;
        AttachedAttributes.Attach(descriptor, AttachedAttributes.AccessList, WithBits(list, mode));
    }

    private int From => (int)_file.Handle!.DangerousGetHandle();

    /// <summary>A list with other bits for owner, others, and the most that anybody else may: the mask, or the group where there is none.</summary>
    private static byte[] WithBits(byte[] list, uint mode)
    {
        const int header = 4, entry = 8;
        const ushort owner = 1, group = 4, mask = 0x10, others = 0x20;
        var entries = Enumerable.Range(0, (list.Length - header) / entry).Select(i => header + (i * entry)).ToList();
        var hasMask = entries.Exists(at => Tag(at) == mask);
        foreach (var at in entries)
        {
            uint? bits = Tag(at) switch
            {
                owner => mode >> 6,
                mask => mode >> 3,
                group when !hasMask => mode >> 3,
                others => mode,
                _ => null,
            };
            if (bits is { } wanted) BinaryPrimitives.WriteUInt16LittleEndian(list.AsSpan(at + 2), (ushort)(wanted & 7));
        }

        return list;

        ushort Tag(int at) => BinaryPrimitives.ReadUInt16LittleEndian(list.AsSpan(at));
    }
}
