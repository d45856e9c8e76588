using System.Runtime.InteropServices;

namespace Assay.Engine.Native;

/// <summary>Writes classic BPF for seccomp (seccomp(2), struct seccomp_data), checked to be jump by jump in range.</summary>
internal sealed class Bpf
{
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAtLeast = 0x35;
    private const ushort JumpIfAnyBit = 0x45;
    private const ushort And = 0x54;
    private const ushort Return = 0x06;

    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;
    private const uint FirstArgumentOffset = 16;
    private const uint ArgumentBytes = 8;

    private readonly List<Instruction> _code = [];

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Instruction
    {
        public ushort Code;
        public byte IfTrue;
        public byte IfFalse;
        public uint Value;
    }

    public Instruction[] Code => [.. _code];

    public void LoadArchitecture() => Add(LoadWord, ArchitectureOffset);

    public void LoadNumber() => Add(LoadWord, NumberOffset);

    /// <summary>The lower half of an argument.</summary>
    public void LoadArgument(uint index) => Add(LoadWord, FirstArgumentOffset + (index * ArgumentBytes));

    /// <summary>The upper half of an argument.</summary>
    public void LoadUpperArgument(uint index) => Add(LoadWord, FirstArgumentOffset + (index * ArgumentBytes) + 4);

    public void Mask(uint bits) => Add(And, bits);

    public void Answer(uint action) => Add(Return, action);

    public void AnswerIfEqual(uint value, uint action) => AnswerIf(JumpIfEqual, value, action);

    public void AnswerIfAtLeast(uint value, uint action) => AnswerIf(JumpIfAtLeast, value, action);

    public void AnswerIfAnyBit(uint bits, uint action) => AnswerIf(JumpIfAnyBit, bits, action);

    public void AnswerUnlessEqual(uint value, uint action)
    {
        Add(JumpIfEqual, value, ifTrue: 1);
        Answer(action);
    }

    /// <summary>Answers unless the loaded word is one of a few values.</summary>
    public void AnswerUnlessOneOf(ReadOnlySpan<uint> values, uint action)
    {
        for (var i = 0; i < values.Length; i++) Add(JumpIfEqual, values[i], ifTrue: checked((byte)(values.Length - i)));
        Answer(action);
    }

    /// <summary>A part that is passed over unless the call has a number; behind it, the number is loaded again.</summary>
    public void ForCall(uint number, Action part)
    {
        var at = _code.Count;
        Add(JumpIfEqual, number);
        part();
        LoadNumber();
        _code[at] = _code[at] with { IfFalse = checked((byte)(_code.Count - at - 1)) };
    }

    /// <summary>A part that is passed over if the loaded word has a value.</summary>
    public void UnlessEqual(uint value, Action part)
    {
        var at = _code.Count;
        Add(JumpIfEqual, value);
        part();
        _code[at] = _code[at] with { IfTrue = checked((byte)(_code.Count - at - 1)) };
    }

    private void AnswerIf(ushort jump, uint value, uint action)
    {
        Add(jump, value, ifFalse: 1);
        Answer(action);
    }

    private void Add(ushort code, uint value, byte ifTrue = 0, byte ifFalse = 0) =>
        _code.Add(new Instruction { Code = code, Value = value, IfTrue = ifTrue, IfFalse = ifFalse });
}
