using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Schemas;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0.5", "500m")]
    [InlineData("1", "1000m")]
    [InlineData("1Gi", "1024Mi")]
    [InlineData("1k", "1e3")]
    [InlineData("100n", "0.1u")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("-1", "-1000m")]
    public void Equal_amounts_are_equal(string left, string right) => Assert.True(Quantity.AreEqual(left, right));

    [Theory]
    [InlineData("1", "2")]
    [InlineData("1G", "1Gi")]
    [InlineData("x", "x")]
    [InlineData("", "0")]
    [InlineData("1e999999999", "1")]
    [InlineData("1.2.3", "1.23")]
    public void Other_texts_are_not(string left, string right) => Assert.False(Quantity.AreEqual(left, right));

    [Fact]
    public void A_number_equals_its_text() => Assert.True(Quantity.AreEqual(new FloatNode(0.5), "500m"));
}
