using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.Reconciling;

public sealed class OwnershipTests
{
    private static readonly ResourceId Shared = new(string.Empty, "ConfigMap", "ns", "shared");
    private static readonly Ownership Ownership = new([Claim("b"), Claim("a")], former: ["gone"]);

    [Fact]
    public void Of_an_object_that_is_not_there_yet_the_first_by_name_becomes_the_owner()
    {
        Assert.Equal("a", Ownership.OwnerOf("a", Shared, null));
        Assert.Equal("a", Ownership.OwnerOf("b", Shared, null));
    }

    [Fact]
    public void Whoever_has_it_keeps_it_while_he_claims_it() => Assert.Equal("b", Ownership.OwnerOf("a", Shared, Live("b")));

    [Fact]
    public void What_a_former_application_left_may_be_taken() => Assert.Equal("a", Ownership.OwnerOf("a", Shared, Live("gone")));

    [Fact]
    public void Another_tools_application_is_not_robbed() => Assert.Equal("stranger", Ownership.OwnerOf("a", Shared, Live("stranger")));

    [Fact]
    public void What_nobody_has_declared_belongs_to_who_asks() => Assert.Equal("c", Ownership.OwnerOf("c", Shared with { Name = "other" }, null));

    private static Claims Claim(string application) => new(application, string.Empty, new HashSet<ResourceId> { Shared });

    private static MapNode Live(string owner) => new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [Tracking.Annotation] = Tracking.Format(owner, Shared) } } };
}
