using Bowline.Applications.Sharding;

namespace Bowline.Applications.Tests.Sharding;

public sealed class SharesTests
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 3000).Select(number => $"team-{number % 7}-service-{number}")];
    private static readonly string[] Three = ["bowline-7c9f8d6b5-2xkqv", "bowline-7c9f8d6b5-9zjwp", "bowline-7c9f8d6b5-tn4lh"];

    [Fact]
    public void Three_replicas_share_three_thousand_applications_within_a_tenth_of_each_other()
    {
        int[] shares = [.. Three.Select(replica => Names.Count(name => Rendezvous.OwnerOf(name, Three) == replica))];

        Assert.Equal(3000, shares.Sum());
        Assert.True(shares.Max() - shares.Min() <= shares.Max() / 10, string.Join(", ", shares));
    }

    [Fact]
    public void Only_the_share_of_a_replica_that_leaves_moves_and_it_moves_to_all_others()
    {
        string[] two = [Three[0], Three[2]];
        string?[] heirs = [.. Names.Where(name => Rendezvous.OwnerOf(name, Three) == Three[1]).Select(name => Rendezvous.OwnerOf(name, two)).Distinct().Order(StringComparer.Ordinal)];

        Assert.All(Names.Where(name => Rendezvous.OwnerOf(name, Three) != Three[1]), name => Assert.Equal(Rendezvous.OwnerOf(name, Three), Rendezvous.OwnerOf(name, two)));
        Assert.Equal(two, heirs);
    }

    [Fact]
    public void What_a_living_replica_had_is_taken_up_only_once_it_was_handed_over()
    {
        Shares alone = Shares.None.Next(["a"], handedOver: false, now: 1);
        Shares both = alone.Next(["a", "b"], handedOver: true, now: 2);
        string[] moved = [.. Names.Where(name => Rendezvous.OwnerOf(name, ["a", "b"]) == "b")];

        Assert.NotEmpty(moved);
        Assert.All(moved, name => Assert.False(both.Owns("a", name, handedOver: false)));
        Assert.All(moved, name => Assert.False(both.Owns("b", name, handedOver: false)));
        Assert.All(moved, name => Assert.True(both.Owns("b", name, handedOver: true)));
        Assert.All(Names.Except(moved), name => Assert.True(both.Owns("a", name, handedOver: false)));
    }

    [Fact]
    public void What_a_dead_replica_had_is_taken_up_at_once()
    {
        Shares both = new(["a", "b"], ["a", "b"], 1);
        Shares left = both.Next(["a"], handedOver: true, now: 2);

        Assert.All(Names, name => Assert.True(left.Owns("a", name, handedOver: false)));
    }

    [Fact]
    public void A_second_change_before_the_first_is_handed_over_does_not_shorten_the_wait()
    {
        Shares settled = new(["a", "b"], ["a", "b"], 1);
        Shares third = settled.Next(["a", "b", "c"], handedOver: true, now: 2);
        Shares fourth = third.Next(["a", "b", "c", "d"], handedOver: false, now: 3);

        Assert.All(Names.Where(name => Rendezvous.OwnerOf(name, fourth.Replicas) == "c"), name => Assert.False(fourth.Owns("c", name, handedOver: false)));
    }

    [Fact]
    public void A_name_of_any_length_has_an_owner() =>
        Assert.Contains(Rendezvous.OwnerOf(new string('é', 5000), Three), Three);
}
