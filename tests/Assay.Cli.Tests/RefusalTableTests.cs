using System.Reflection;
using Assay.Cli;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Lanes.Jobs;
using Assay.Server.Http;

namespace Assay.Tests;

/// <summary>
/// Every refusal that is declared, with its exit code and its HTTP status: one each, in a table that shows what a change changes.
/// </summary>
public sealed class RefusalTableTests
{
    private static readonly Type[] Types =
    [
        .. new[] { typeof(RefusalKind), typeof(JobRefusals), typeof(RequestRefusals), typeof(Problems), typeof(ExitCodes) }
            .SelectMany(t => t.Assembly.GetTypes()),
    ];

    [Fact]
    public void Every_refusal_has_one_exit_code_and_one_status()
    {
        // What a component left is refused on record, and answers nobody's request.
        var answered = Types.SelectMany(Listed).Where(k => k.Class != RefusalClass.FailClosed)
            .OrderBy(k => k.Code, StringComparer.Ordinal).ToList();
        Assert.True(answered.Count > 40);
        Approved.Matches(string.Concat(answered.Select(k => $"{k,-18} {Codes(k.Class)}\n")), "refusals");
    }

    [Fact]
    public void Every_class_has_one_exit_code_and_one_status() =>
        Approved.Matches(string.Concat(Enum.GetValues<RefusalClass>().Select(c => $"{c,-18} {Codes(c)}\n")), "refusal_classes");

    [Fact]
    public void Every_refusal_that_is_declared_is_on_the_list_of_its_place() =>
        Assert.All(Types, type => Assert.Equal(Declared(type).OrderBy(k => k.Code), Listed(type).OrderBy(k => k.Code)));

    [Fact]
    public void A_code_is_declared_once() =>
        Assert.All(Types.SelectMany(Listed).Select(k => k.Code).Concat(HttpRefusal.All.Select(r => r.Rule)).GroupBy(c => c), same => Assert.Single(same));

    [Fact]
    public void Every_refusal_of_a_request_as_such_has_one_status()
    {
        var declared = typeof(HttpRefusal).GetFields(BindingFlags.Static | BindingFlags.Public).Select(f => (HttpRefusal)f.GetValue(null)!);
        Assert.Equal(declared.Select(r => r.Rule).Order(), HttpRefusal.All.Select(r => r.Rule).Order());
        var lines = HttpRefusal.All.OrderBy(r => r.Rule, StringComparer.Ordinal).ThenBy(r => r.Status).Select(r => $"{r.Rule,-18} {r.Status}\n");
        Approved.Matches(string.Concat(lines), "refusals_of_requests");
    }

    private static string Codes(RefusalClass refused) => $"{ExitCodes.Of(refused)}  {Problems.StatusOf(refused)}";

    private static IEnumerable<RefusalKind> Listed(Type type) =>
        type.GetProperty("All", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is { } all
        && all.PropertyType == typeof(IReadOnlyList<RefusalKind>) ? (IReadOnlyList<RefusalKind>)all.GetValue(null)! : [];

    private static IEnumerable<RefusalKind> Declared(Type type) => type.ContainsGenericParameters
        ? []
        : type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(f => f.FieldType == typeof(RefusalKind)).Select(f => (RefusalKind)f.GetValue(null)!);
}
