using System.Diagnostics;
using Assay.Engine.Native;
using Assay.Engine.Streams;

namespace Assay.Tests.Streams;

/// <summary>What several processes of a host take together is no more than there is.</summary>
public sealed class RoomBookTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RoomBook _one;
    private readonly RoomBook _other;

    public RoomBookTests() => (_one, _other) = (Open()!, Open()!);

    private string Books => _folder.Under("room");

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_one_has_taken_the_other_has_not()
    {
        Assert.True(_one.TryTake(60, most: 100));
        Assert.False(_other.TryTake(50, most: 100));
        Assert.True(_other.TryTake(40, most: 100));
        _one.Take(-60);
        _other.Take(10);
        Assert.True(_one.TryTake(50, most: 100));
        Assert.False(_one.TryTake(1, most: 100));
    }

    [Fact]
    public void Who_waits_for_much_is_not_passed_by_those_who_come_later()
    {
        Assert.True(_one.TryTake(60, most: 100));
        Assert.False(_other.TryTake(100, most: 100));
        Assert.False(_one.TryTake(10, most: 100), "it passed one that waits");
        _one.Take(-60);
        Assert.True(_other.TryTake(100, most: 100));
    }

    [Fact]
    public void Nobody_waits_for_one_who_does_not_want_it_any_more()
    {
        Assert.True(_one.TryTake(60, most: 100));
        Assert.False(_other.TryTake(100, most: 100));
        _other.StopWaiting();
        Assert.True(_one.TryTake(10, most: 100));
    }

    [Fact]
    public void Nobody_waits_for_one_who_was_stopped_while_it_looked()
    {
        var own = $"{ProcessIdentity.Own.Pid}-{ProcessIdentity.Own.StartTicks}-{ProcFs.PidNamespace}-stopped";
        Look(at: Stopwatch.GetTimestamp());
        Assert.False(_one.TryTake(60, most: 100));
        Look(at: Stopwatch.GetTimestamp() - (3 * Stopwatch.Frequency));
        Assert.True(_one.TryTake(60, most: 100));

        void Look(long at) => File.WriteAllText(Path.Combine(Books, own), $"{0:D19} {90:D19} {1:D19} {at:D19} ");
    }

    [Fact]
    public void What_a_dead_process_had_is_free_and_its_file_goes()
    {
        var dead = Path.Combine(Books, $"{Environment.ProcessId}-1-{ProcFs.PidNamespace}-x");
        File.WriteAllText(dead, $"{90:D19} {0:D19} {0:D19} {0:D19} ");
        Assert.True(_one.TryTake(60, most: 100));
        Assert.False(File.Exists(dead));
    }

    [Fact]
    public void There_is_no_book_where_others_may_write()
    {
        File.SetUnixFileMode(Books, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        Assert.Null(Open());
    }

    [Fact]
    public async Task Room_that_another_process_gives_back_is_found()
    {
        var room = new HostRoom(processes: 8, memoryBytes: 100, _one);
        Assert.True(_other.TryTake(60, most: 100));
        var seeker = new RoomSeeker(new AsyncSignal());
        Assert.False(room.TryTake(seeker, HostRoomTests.Process("p", "/dev/null", 50)));
        _other.Take(-60);
        await seeker.HasRoom.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(room.TryTake(seeker, HostRoomTests.Process("p", "/dev/null", 50)));
    }

    private RoomBook? Open() => RoomBook.TryOpen(Books);
}
