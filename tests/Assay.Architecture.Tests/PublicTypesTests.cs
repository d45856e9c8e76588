namespace Assay.Tests;

/// <summary>
/// What is public is the surface that others build on. It stands in <c>public-types.txt</c>; a new one has to be written there, where a
/// reader of the change sees it.
/// </summary>
public sealed class PublicTypesTests
{
    [Fact]
    public void What_is_public_is_on_the_list_and_no_more() => ExceptionList.Check(
        "public-types.txt", BuiltAssembly.Files.Keys.SelectMany(BuiltAssembly.Types).Where(t => t.IsPublic).Select(t => t.FullName));
}
