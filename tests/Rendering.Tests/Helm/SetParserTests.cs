using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Helm;

public sealed class SetParserTests
{
    [Theory]
    [InlineData("a=1", """{"a":1}""")]
    [InlineData("a=01,b=0,c=-3,d=+4,e=1.5", """{"a":"01","b":0,"c":-3,"d":4,"e":"1.5"}""")]
    [InlineData("a=true,b=FALSE,c=null,d=nil", """{"a":true,"b":false,"c":null,"d":"nil"}""")]
    [InlineData("a=,b=x", """{"a":"","b":"x"}""")]
    [InlineData("a=", """{"a":""}""")]
    [InlineData("", "{}")]
    [InlineData("a.b.c=x,a.b.d=y", """{"a":{"b":{"c":"x","d":"y"}}}""")]
    [InlineData(@"a\.b=x\,y", """{"a.b":"x,y"}""")]
    [InlineData("a={1,b,true},c={}", """{"a":[1,"b",true],"c":[""]}""")]
    [InlineData("a[0]=x,a[2]=z", """{"a":["x",null,"z"]}""")]
    [InlineData("a[1].b=x,a[0]=y", """{"a":["y",{"b":"x"}]}""")]
    [InlineData("a[0][1]=x", """{"a":[[null,"x"]]}""")]
    [InlineData("a[0].b[1].c={x,y}", """{"a":[{"b":[null,{"c":["x","y"]}]}]}""")]
    [InlineData("a=b=c", """{"a":"b=c"}""")]
    [InlineData("a={b", null)]
    public void Set_reads_helms_grammar(string argument, string? expected) => Check(argument, SetKind.Typed, expected);

    [Theory]
    [InlineData("a=1,b=true,c=null,d={1,2}", """{"a":"1","b":"true","c":"null","d":["1","2"]}""")]
    public void Set_string_keeps_text(string argument, string expected) => Check(argument, SetKind.Text, expected);

    [Theory]
    [InlineData("""a={"b":[1,2.5]},c="x" ,d=null,e=""", """{"a":{"b":[1,2.5]},"c":"x","d":null,"e":null}""")]
    [InlineData("""a[1]={"b":true}""", """{"a":[null,{"b":true}]}""")]
    public void Set_json_reads_json_values(string argument, string expected) => Check(argument, SetKind.Json, expected);

    [Theory]
    [InlineData(@"a.b=x,y\,z={1}", """{"a":{"b":"x,y\\,z={1}"}}""")]
    [InlineData("a[0]=x,y", """{"a":["x,y"]}""")]
    public void Set_literal_takes_everything_behind_the_equals_sign(string argument, string expected) => Check(argument, SetKind.Literal, expected);

    [Theory]
    [InlineData("a", "key \"a\" has no value")]
    [InlineData("a,b=1", "key \"a\" has no value (cannot end with ,)")]
    [InlineData("a[b]=1", "error parsing index: strconv.Atoi: parsing \"b\": invalid syntax")]
    [InlineData("a[-1]=1", "negative -1 index not allowed")]
    [InlineData("a[70000]=1", "index of 70000 is greater than maximum supported index of 65536")]
    [InlineData("a[0]x=1", "unexpected data at end of array index: ['x']")]
    [InlineData("s.x=1", "unable to parse key: interface conversion: interface {} is string, not map[string]interface {}")]
    [InlineData("s[0]=1", "unable to parse key: interface conversion: interface {} is string, not []interface {}")]
    public void Errors_are_worded_as_helm_words_them(string argument, string expected)
    {
        MapNode values = new() { ["s"] = "text" };
        ChartException error = Assert.Throws<ChartException>(() => new SetParser(argument, SetKind.Typed).Into(values));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        string dots = string.Join('.', Enumerable.Repeat("a", 40)) + "=1";
        string indices = "a" + string.Concat(Enumerable.Repeat("[0]", 100_000)) + "=1";
        Assert.Throws<ChartException>(() => new SetParser(dots, SetKind.Typed).Into(new MapNode()));
        Assert.Throws<ChartException>(() => new SetParser(indices, SetKind.Typed).Into(new MapNode()));
    }

    private static void Check(string argument, SetKind kind, string? expected)
    {
        MapNode values = new();
        if (expected is null)
        {
            Assert.Throws<ChartException>(() => new SetParser(argument, kind).Into(values));
            return;
        }

        new SetParser(argument, kind).Into(values);
        Assert.Equal(expected, JsonWriter.ToText(values));
    }
}
