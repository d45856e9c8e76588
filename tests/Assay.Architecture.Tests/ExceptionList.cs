namespace Assay.Tests;

/// <summary>Exceptions from a rule, one a line, in order. The lists lie beside the tests and may only become shorter.</summary>
internal static class ExceptionList
{
    /// <summary>Fails for what was found and is not on the list, and for what is on it and was not found.</summary>
    public static void Check(string name, IEnumerable<string> found)
    {
        var path = Path.Combine(SharedData.RepositoryRoot, "tests", "Assay.Architecture.Tests", name);
        var known = File.ReadAllLines(path);
        var expected = found.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var added = expected.Except(known).Select(l => $"+ {l}");
        var gone = known.Except(expected).Select(l => $"- {l}");
        Assert.True(expected.SequenceEqual(known), $"{path} is not what was found, in order:\n{string.Join('\n', added.Concat(gone))}");
    }
}
