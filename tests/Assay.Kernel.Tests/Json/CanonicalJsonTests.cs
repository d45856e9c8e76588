using System.Globalization;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Assay.Tests.Json;

public sealed class CanonicalJsonTests
{
    public static TheoryData<string> Vectors => [.. new[] { "arrays", "french", "structures", "unicode", "values", "weird" }];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Agrees_with_the_vectors_of_the_rfcs_author(string name)
    {
        var folder = Path.Combine(SharedData.Folder("json-canonicalization"), "testdata");
        var input = StrictJson.Parse(File.ReadAllBytes(Path.Combine(folder, "input", name + ".json")), name).Value;
        var expected = File.ReadAllBytes(Path.Combine(folder, "output", name + ".json"));
        Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(CanonicalJson.Serialize(input)));
    }

    [Fact]
    public void Writes_sixteen_thousand_numbers_as_ECMAScript_does()
    {
        var count = 0;
        Span<byte> buffer = stackalloc byte[EcmaNumber.MaxBytes];
        foreach (var line in File.ReadLines(Path.Combine(SharedData.Folder("json-canonicalization"), "es6-numbers.csv")))
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            var value = BitConverter.UInt64BitsToDouble(ulong.Parse(line[..comma], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            var length = EcmaNumber.Format(value, buffer);
            Assert.Equal(line[(comma + 1)..], Encoding.ASCII.GetString(buffer[..length]));
            count++;
        }

        Assert.True(count > 16_000, $"only {count} numbers were there");
    }

    [Fact]
    public void Every_finite_double_reads_back_as_itself() =>
        Prop.ForAll<long>(bits =>
        {
            var value = BitConverter.Int64BitsToDouble(bits);
            if (!double.IsFinite(value)) return true;
            Span<byte> buffer = stackalloc byte[EcmaNumber.MaxBytes];
            var length = EcmaNumber.Format(value, buffer);
            return double.Parse(buffer[..length], CultureInfo.InvariantCulture).Equals(value + 0.0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Is_a_fixed_point_and_ignores_the_order_of_keys() =>
        Prop.ForAll<Dictionary<NonNull<string>, NonNull<string>>>(map =>
        {
            var clean = map.Where(p => IsText(p.Key.Get) && IsText(p.Value.Get)).ToDictionary(p => p.Key.Get, p => p.Value.Get, StringComparer.Ordinal);
            var once = CanonicalJson.Serialize(JsonSerializer.SerializeToElement(clean));
            var twice = CanonicalJson.Serialize(StrictJson.Parse(once, "once").Value);
            var reversed = CanonicalJson.Serialize(JsonSerializer.SerializeToElement(clean.Reverse().ToDictionary(StringComparer.Ordinal)));
            return once.AsSpan().SequenceEqual(twice) && once.AsSpan().SequenceEqual(reversed);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":1,\"\\u0061\":2}")]
    [InlineData("{\"x\":{\"k\":[],\"k\":{}}}")]
    public void A_key_that_appears_twice_is_refused(string json)
    {
        var read = StrictJson.Parse(Encoding.UTF8.GetBytes(json), "in.json");
        Assert.Equal("duplicate_key", Assert.Single(read.Problems).Rule);
    }

    [Theory]
    [InlineData("[\"\\ud800\"]", "encoding")]
    [InlineData("[1e400]", "number")]
    [InlineData("[1,]", "syntax")]
    public void What_I_JSON_forbids_is_refused_with_its_place(string json, string rule)
    {
        var problem = Assert.Single(StrictJson.Parse(Encoding.UTF8.GetBytes(json), "in.json").Problems);
        Assert.Equal((rule, 1), (problem.Rule, problem.Line));
        Assert.True(problem.Column > 1);
    }

    private static bool IsText(string s)
    {
        for (var i = 0; i < s.Length; i++)
        {
            if (char.IsHighSurrogate(s[i]) && i + 1 < s.Length && char.IsLowSurrogate(s[i + 1])) i++;
            else if (char.IsSurrogate(s[i])) return false;
        }

        return true;
    }
}
