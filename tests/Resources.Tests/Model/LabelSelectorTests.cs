using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Resources.Tests.Model;

/// <summary>Selectors of objects and of texts, which mean the same (apimachinery's pkg/labels).</summary>
public sealed class LabelSelectorTests
{
    private static readonly Node Labels = YamlReader.Read("{app: web, tier: front, example.com/size: '12'}");

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web,tier!=back", true)]
    [InlineData(" app in ( db , web ) , tier notin (back)", true)]
    [InlineData("app,!gone", true)]
    [InlineData("gone", false)]
    [InlineData("!app", false)]
    [InlineData("gone!=x", true)]
    [InlineData("gone notin (x)", true)]
    [InlineData("example.com/size>11,example.com/size<13", true)]
    [InlineData("app>1", false)]
    [InlineData("app=", false)]
    [InlineData("app in ()", false)]
    public void A_text_selects_as_it_says(string text, bool expected)
    {
        Assert.True(LabelSelector.TryParse(text, out LabelSelector? selector, out string? problem), problem);
        Assert.Equal(expected, selector.Matches(Labels));
    }

    [Theory]
    [InlineData("app=web tier", "found 'tier', expected: ',' or 'end of string'")]
    [InlineData("app ~ web", "unable to parse requirement: found '~', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("app = = web", "unable to parse requirement: found '=', expected: identifier")]
    [InlineData("app in web", "unable to parse requirement: found 'web' expected: '('")]
    [InlineData("app in (web", "unable to parse requirement: found '', expected: ',', or ')'")]
    [InlineData("size>many", "unable to parse requirement: values[0]: Invalid value: \"many\": for 'Gt', 'Lt' operators, the value must be an integer")]
    [InlineData("app=web,", "found '', expected: !, identifier, or 'end of string'")]
    [InlineData(",app", "found ',', expected: identifier after ','")]
    public void A_text_that_is_none_is_told_why(string text, string why)
    {
        Assert.False(LabelSelector.TryParse(text, out _, out string? problem));
        Assert.Equal(why, problem);
    }

    [Theory]
    [InlineData("{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [front, back]}]}", true)]
    [InlineData("{matchExpressions: [{key: gone, operator: DoesNotExist}, {key: app, operator: Exists}, {key: tier, operator: NotIn, values: [back]}]}", true)]
    [InlineData("{matchExpressions: [{key: app, operator: Like, values: [web]}]}", false)]
    [InlineData("{}", true)]
    public void An_object_selects_as_it_says(string selector, bool expected) =>
        Assert.Equal(expected, LabelSelector.Of(YamlReader.Read(selector)).Matches(Labels));

    [Fact]
    public void What_is_left_out_selects_nothing_unless_it_may_be_left_out()
    {
        Assert.False(LabelSelector.Of(null).Matches(Labels));
        Assert.True(LabelSelector.OfOptional(null).Matches(Labels));
        Assert.False(LabelSelector.OfLabels(new MapNode()).Matches(Labels));
        Assert.False(LabelSelector.All([LabelSelector.Everything, LabelSelector.Nothing]).Matches(Labels));
        Assert.False(LabelSelector.OfLabels(YamlReader.Read("{app: web}")).Matches(null));
    }
}
