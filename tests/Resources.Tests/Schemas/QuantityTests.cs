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

    [Theory]
    [InlineData(1e-10, "1n")]
    [InlineData(0.00001, "10u")]
    [InlineData(1e21, "1000E")]
    [InlineData(2.5, "2500m")]
    public void A_float_is_printed_in_decimal_suffixes(double number, string expected) =>
        Assert.Equal(expected, Quantity.Of(new FloatNode(number)).ToString());

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("+-1")]
    [InlineData("1 ")]
    [InlineData("1ki")]
    [InlineData("1K")]
    [InlineData("1e")]
    [InlineData("1e41")]
    [InlineData("1.2.3")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000000")]
    public void Other_texts_are_refused(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Theory]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("0.1", "100m")]
    [InlineData("1000m", "1")]
    [InlineData("128974848", "128974848")]
    [InlineData("64Mi", "64Mi")]
    [InlineData("1e3", "1e3")]
    [InlineData("1e21", "1e21")]
    [InlineData("1500e-3", "1500e-3")]
    [InlineData("1.5e-3", "1500e-6")]
    [InlineData("0.5Ki", "512")]
    [InlineData("1.0001Ki", "1024102400u")]
    [InlineData("1025Ki", "1025Ki")]
    [InlineData("-2048Mi", "-2Gi")]
    [InlineData("16Ei", "9223372036854775807")]
    [InlineData("-16Ei", "-9223372036854775807")]
    [InlineData("0.1n", "1n")]
    [InlineData("-0.1n", "-1n")]
    [InlineData("+.5", "500m")]
    [InlineData("00", "0")]
    [InlineData("1e40", "10e39")]
    [InlineData("99999999999999999999", "99999999999999999999")]
    public void A_quantity_is_printed_in_canonical_form(string text, string expected)
    {
        Assert.True(Quantity.TryParse(text, out Quantity quantity));
        Assert.Equal(expected, quantity.ToString());
    }

    [Theory]
    [InlineData("1Gi", "512Mi", "1536Mi")]
    [InlineData("0", "1Gi", "1Gi")]
    [InlineData("100m", "1", "1100m")]
    [InlineData("1", "-1", "0")]
    [InlineData("1e29", "1e29", "200e27")]
    [InlineData("1e40", "-1e40", "0")]
    [InlineData("79228162514264337593", "1", "79228162514264337594")]
    [InlineData("79228162514264337593543950335n", "1n", "79228162514264337593543950336n")]
    [InlineData("-79228162514264337593543950335n", "-1n", "-79228162514264337593543950336n")]
    [InlineData("170141183460469231731687303715e0", "1e0", "170141183460469231731687303716")]
    public void A_sum_is_exact_and_keeps_the_notation(string left, string right, string sum)
    {
        Assert.Equal(sum, (Quantity.Of(left) + Quantity.Of(right)).ToString());
        Assert.True((Quantity.Of(left) + Quantity.Of(right) - Quantity.Of(right)).CompareTo(Quantity.Of(left)) == 0);
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("0", "-1")]
    [InlineData("79228162514264337593543950335n", "1n")]
    [InlineData("79228162514264337593543950336n", "-1n")]
    [InlineData("1e40", "-1e40")]
    public void A_quantity_is_the_same_whatever_it_was_on_the_way(string amount, string detour)
    {
        Quantity there = Quantity.Of(amount);
        Quantity back = there + Quantity.Of(detour) - Quantity.Of(detour);
        Assert.Equal(there, back);
        Assert.Equal(there.GetHashCode(), back.GetHashCode());
        Assert.Equal(there, -(-there));
    }

    [Theory]
    [InlineData("1G", "1Gi")]
    [InlineData("-1", "1n")]
    [InlineData("1e29", "1e40")]
    [InlineData("-1e40", "0")]
    public void Amounts_are_ordered(string less, string more)
    {
        Assert.True(Quantity.Of(less) < Quantity.Of(more));
        Assert.True(Quantity.Of(more) > Quantity.Of(less));
    }

    [Fact]
    public void Millis_and_units_are_rounded_up()
    {
        Assert.Equal(1501, (int)Quantity.Of("1.5001").Millis);
        Assert.Equal(2, (int)Quantity.Of("1.5").Units);
        Assert.Equal(-1, (int)Quantity.Of("-1.5").Units);
    }
}
