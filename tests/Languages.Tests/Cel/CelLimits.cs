using System.Text;
using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Tests.Cel;

/// <summary>Hostile expressions end, with a clear error, in bounded time and memory.</summary>
public sealed class CelLimits
{
    private static readonly CelEnvironment Environment = CelEnvironment.Full.WithVariable("self", CelType.Dyn);

    [Theory]
    [InlineData("lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))")]
    [InlineData("lists.range(100000).map(x, lists.range(100000))")]
    [InlineData("lists.range(100).map(x, ['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'].map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a))")]
    [InlineData("lists.range(1000).map(x, 'aaaaaaaaaaaaaaaaaaaaaaaaaa'.replace('', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbb').replace('', 'cccccccccccccccccccccccccccccccccccccc').replace('', 'dddddddddddddddddddddddddddddddddddddddddddddddddd').replace('', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'))")]
    public void An_expensive_expression_is_cut_off(string expression)
    {
        CelResult result = CelProgram.Compile(expression, Environment).Evaluate(_ => null, costLimit: 1_000_000);
        Assert.True(result.LimitExceeded);
        Assert.StartsWith("operation cancelled: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", ")", "1", 300)]
    [InlineData("[", "]", "1", 300)]
    [InlineData("!(", ")", "true", 300)]
    [InlineData("{1:", "}", "1", 300)]
    [InlineData("[1].map(x, ", ")", "1", 300)]
    public void Deep_nesting_is_refused(string open, string close, string inner, int depth)
    {
        StringBuilder text = new(inner);
        for (int i = 0; i < depth; i++)
        {
            text.Insert(0, open).Append(close);
        }

        CelException exception = Assert.Throws<CelException>(() => CelProgram.Compile(text.ToString(), Environment));
        Assert.Contains("expression recursion limit exceeded: 250", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", " + 1")]
    [InlineData("self", ".a")]
    [InlineData("self", "[0]")]
    [InlineData("optional.of(1)", ".optMap(x, x)")]
    public void Long_chains_are_refused(string first, string link)
    {
        Assert.Throws<CelException>(() => CelProgram.Compile(first + string.Concat(Enumerable.Repeat(link, 5000)), Environment));
    }

    [Fact]
    public void Long_conjunctions_are_fine()
    {
        string text = string.Join(" && ", Enumerable.Repeat("true", 10_000));
        Assert.True(CelProgram.Compile(text, Environment).Evaluate(_ => null).IsTrue);
    }

    [Fact]
    public void A_chain_of_optMap_costs_no_more_than_its_length()
    {
        string text = "optional.of(1)" + string.Concat(Enumerable.Repeat(".optMap(x, x + 1)", 60)) + ".value()";
        Assert.Equal(61L, CelProgram.Compile(text, Environment).Evaluate(_ => null).Value!.AsInteger());
    }

    [Fact]
    public void Data_of_any_depth_is_an_error_rather_than_a_crash()
    {
        ListNode deep = [];
        for (int i = 0; i < 200_000; i++)
        {
            ListNode outer = [];
            outer.Add(deep);
            deep = outer;
        }

        CelResult result = CelProgram.Compile("self == [self]", Environment).Evaluate(_ => deep);
        Assert.Equal("the data nests too deeply", result.Error);
    }

    [Fact]
    public void A_regular_expression_that_backtracks_elsewhere_is_linear_here()
    {
        string text = new('a', 20_000);
        CelProgram program = CelProgram.Compile("self.matches('^(a+)+$b')", Environment);
        Assert.False(program.Evaluate(_ => StringNode.Of(text), long.MaxValue / 2).IsTrue);
    }

    [Fact]
    public void The_estimate_follows_the_sizes_that_the_types_allow()
    {
        CelEnvironment bounded = CelEnvironment.Kubernetes.WithVariable("self", CelType.List(CelType.String.Sized(10), 5));
        CelEnvironment free = CelEnvironment.Kubernetes.WithVariable("self", CelType.List(CelType.String.Sized(3_000_000), 1_000_000));
        Assert.InRange(CelProgram.Compile("self.all(x, x.contains('abc'))", bounded).EstimateCost(), 20UL, 60UL);
        Assert.True(CelProgram.Compile("self.all(x, x.contains('abc'))", free).EstimateCost() > 100_000_000_000UL);
    }
}
