using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Tests.Json;

public class JsonVocabularyTests
{
    [Fact]
    public void Objects_read_with_one_vocabulary_share_names_short_texts_and_owned_fields()
    {
        JsonVocabulary vocabulary = new();
        MapNode one = Read(Object("one"), vocabulary);
        MapNode two = Read(Object("two"), vocabulary);
        Assert.Same(one.Keys.First(), two.Keys.First());
        Assert.Same(one["kind"], two["kind"]);
        Assert.Same(Owned(one), Owned(two));
        Assert.True(((MapNode)Owned(one)).IsFrozen);
        Assert.Equal("two", two.At("metadata", "name")?.AsString());
        Assert.NotSame(Owned(one), Owned(Read(Object("three"), new JsonVocabulary())));
    }

    [Theory]
    [InlineData("""{"fieldsV1":null,"a":{"fieldsV1":"text"},"b":{"fieldsV1":[1,{"fieldsV1":{}}]}}""")]
    [InlineData("""{"fieldsV1":{"f:a":{"fieldsV1":{"f:b":{}}}},"c":{"fieldsV1" :  {"f:a":{"fieldsV1":{"f:b":{}}}} }}""")]
    [InlineData("""["\u00e9","é","\ud800","e\u0301","","same","same"]""")]
    [InlineData("""{"a":1,"a":2,"é":"é","a\tb":"a\tb","a long name that is longer than any that would be kept for others to use":"x"}""")]
    public void A_vocabulary_changes_nothing_of_what_is_read(string json)
    {
        JsonVocabulary vocabulary = new();
        string plain = JsonWriter.ToText(JsonReader.Read(json));
        for (int time = 0; time < 3; time++)
        {
            Assert.Equal(plain, JsonWriter.ToText(JsonReader.Read(Encoding.UTF8.GetBytes(json), vocabulary: vocabulary)));
        }
    }

    [Fact]
    public void More_texts_than_a_vocabulary_holds_are_all_read_right()
    {
        JsonVocabulary vocabulary = new();
        for (int number = 0; number < 10_000; number++)
        {
            MapNode read = Read($$$"""{"text-{{{number}}}":"value-{{{number}}}","fieldsV1":{"f:{{{number}}}":{} } }""", vocabulary);
            Assert.Equal($"value-{number}", read[$"text-{number}"]?.AsString());
            Assert.Equal([$"f:{number}"], ((MapNode)read["fieldsV1"]!).Keys);
        }
    }

    private static string Object(string name) =>
        """{"kind":"ConfigMap","metadata":{"name":"NAME","managedFields":[{"manager":"m","fieldsV1":{"f:data":{".":{},"f:key":{}}}}]}}""".Replace("NAME", name, StringComparison.Ordinal);

    private static MapNode Read(string json, JsonVocabulary vocabulary) => (MapNode)JsonReader.Read(Encoding.UTF8.GetBytes(json), vocabulary: vocabulary);

    private static Node Owned(MapNode read) => ((ListNode)read.At("metadata", "managedFields")!)[0]["fieldsV1"]!;
}
