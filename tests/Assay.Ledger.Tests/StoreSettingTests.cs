using Assay.Ledger;
using Assay.Ledger.Opening;

namespace Assay.Tests;

public sealed class StoreSettingTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sqlite")]
    public void The_embedded_store_is_the_one_that_is_named_or_that_nobody_named(string? name) =>
        Assert.Equal(StoreSetting.Sqlite, StoreSetting.Of(name).Value);

    [Theory]
    [InlineData("postgres")]
    [InlineData("SQLite")]
    [InlineData(" sqlite")]
    public void A_name_that_is_no_stores_is_refused_with_those_that_are(string name)
    {
        var problem = Assert.Single(StoreSetting.Of(name).Problems);
        Assert.Equal(("ASSAY_STORE", "store"), (problem.Source, problem.Rule));
        Assert.Equal($"there is no store {name}: it is sqlite, as when it is left out", problem.Message);
    }

    [Fact]
    public async Task A_store_is_opened_read_and_copied_by_its_setting()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Under("ledger.db");
        await using (await Stores.OpenAsync(StoreSetting.Sqlite, path))
        {
        }

        await using var reader = await Stores.OpenForReadingAsync(StoreSetting.Sqlite, path);
        Assert.Equal(0, await reader.CountEventsAsync());
        Assert.True((await Assert.ThrowsAsync<LedgerException>(async () => await reader.HoldTablesAsync())).IsRefusal);
        await using var copy = await Stores.OpenCopyAsync(StoreSetting.Sqlite, path);
        await using var held = await copy.HoldTablesAsync();
        var made = Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName);
        Assert.Equal(["ledger.db", "ledger.db.lock"], made.Order(StringComparer.Ordinal));
    }
}
