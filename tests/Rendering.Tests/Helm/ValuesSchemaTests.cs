using Bowline.Rendering.Helm.Schemas;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;

namespace Bowline.Tests.Helm;

public sealed class ValuesSchemaTests
{
    [Theory]
    [InlineData("""{"type":["string","null"]}""", "1", "- at '': got number, want null or string")]
    [InlineData("""{"maximum":65535}""", "70000.5", "- at '': maximum: got 70,000.5, want 65,535")]
    [InlineData("""{"multipleOf":0.1}""", "0.3", null)]
    [InlineData("""{"multipleOf":0.1}""", "0.35", "- at '': multipleOf: got 0.35, want 0.1")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":5}]}""", "1", "- at '': 'anyOf' failed\n  - at '': got number, want string\n  - at '': minimum: got 1, want 5")]
    [InlineData("""{"oneOf":[{"type":"number"},{"minimum":5}]}""", "6", "- at '': 'oneOf' failed, subschemas 0, 1 matched")]
    [InlineData("""{"not":{"type":"number"}}""", "6", "- at '': 'not' failed")]
    [InlineData("""{"required":["a","b"],"minProperties":1}""", "{}", "- at '': minProperties: got 0, want 1\n- at '': missing properties 'a', 'b'")]
    [InlineData("""{"properties":{"a~b":{"properties":{"c/d":{"const":1}}}}}""", """{"a~b":{"c/d":2}}""", "- at '/a~0b/c~1d': value must be 1")]
    [InlineData("""{"$defs":{"p":{"type":"integer"}},"properties":{"p":{"$ref":"#/$defs/p"}}}""", """{"p":1.5}""", "- at '/p': got number, want integer")]
    [InlineData("""{"$defs":{"p":{"type":"object","required":["x"],"maxProperties":0}},"properties":{"p":{"$ref":"#/$defs/p"}}}""", """{"p":{"y":1}}""", "- at '/p': validation failed\n  - at '/p': maxProperties: got 1, want 0\n  - at '/p': missing property 'x'")]
    [InlineData("""{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}""", """{"a":1,"b":2}""", "- at '/b': false schema")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":false}""", """["a",1]""", "- at '/1': false schema")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}""", """["a",1]""", "- at '': last 1 additionalItem(s) not allowed")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,"exclusiveMinimum":true}""", "1", "- at '': exclusiveMinimum: got 1, want 1")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}""", """{"a":1}""", "- at '': missing property 'b'")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"$id":"#here","type":"string"}},"$ref":"#here"}""", "1", "- at '': got number, want string")]
    [InlineData("""{"$id":"https://example.com/s.json","$defs":{"a":{"type":"string"}},"$ref":"https://example.com/s.json#/$defs/a"}""", "1", "- at '': got number, want string")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"a":1}""", "- at '': properties 'b' required, if 'a' exists")]
    [InlineData("""{"contains":{"type":"string"},"minContains":2}""", """["a",1]""", "- at '': min 2 items required to match contains schema, but matched 1 items at 0\n  - at '/1': got number, want string")]
    [InlineData("""{"$dynamicAnchor":"n","properties":{"c":{"$dynamicRef":"#n"}},"additionalProperties":false}""", """{"c":{"d":1}}""", "- at '/c': additional properties 'd' not allowed")]
    public void Violations_are_reported_as_the_library_does(string schema, string value, string? expected)
    {
        SchemaError? error = SchemaValidator.Validate(SchemaCompiler.Compile(JsonReader.Read(schema)), JsonReader.Read(value));
        Assert.Equal(expected, error is null ? null : Print(error));
    }

    [Theory]
    [InlineData("""{"$ref":"https://example.com/other.json"}""")]
    [InlineData("""{"$ref":"file:///etc/passwd"}""")]
    [InlineData("""{"$ref":"other.json#/a"}""")]
    [InlineData("""{"$ref":"#/no/such"}""")]
    [InlineData("""{"$schema":"https://example.com/my-draft"}""")]
    [InlineData("""{"type":"nope"}""")]
    [InlineData("""{"pattern":"(x"}""")]
    [InlineData("""{"patternProperties":{"(x":true}}""")]
    [InlineData("""{"required":"a"}""")]
    [InlineData("""{"required":[1]}""")]
    [InlineData("""{"properties":[]}""")]
    [InlineData("""{"minLength":-1}""")]
    [InlineData("""{"minLength":1.5}""")]
    [InlineData("""{"minimum":"1"}""")]
    [InlineData("""{"enum":1}""")]
    [InlineData("""{"$defs":{"unused":{"type":"nope"}}}""")]
    [InlineData("""{"definitions":{"unused":{"pattern":"("}}}""")]
    [InlineData("""{"properties":{"a":{"definitions":{"unused":1}}}}""")]
    public void A_schema_that_is_not_complete_in_itself_is_refused(string schema)
    {
        RenderException error = new ChartFiles().Printing("1").With("values.schema.json", schema).Fails();
        Assert.Equal("c/values.schema.json", error.File);
    }

    [Fact]
    public void A_reference_in_a_definition_that_nothing_uses_may_lead_nowhere() =>
        Assert.Equal("1", new ChartFiles().Printing("1").With("values.schema.json", """{"$defs":{"unused":{"$ref":"#/no/such"}}}""").Printed());

    [Theory]
    [InlineData("""{"properties":{"a":{"enum":[1.0,2.50,1e3,"x",null,true]}}}""", "value must be one of 1.0, 2.50, 1e3, 'x', <nil>, true")]
    [InlineData("""{"properties":{"a":{"enum":[1]}}}""", "value must be 1")]
    [InlineData("""{"properties":{"a":{"const":1.0}}}""", "value must be 1.0")]
    public void Numbers_that_a_value_must_be_are_shown_as_the_schema_writes_them(string schema, string expected) =>
        Assert.EndsWith($"- at '/a': {expected}\n", new ChartFiles().Printing("1").With("values.yaml", "a: 2\n").With("values.schema.json", schema).Fails().Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}""")]
    public void References_in_a_circle_are_an_error(string schema) =>
        Assert.Contains("circle", new ChartFiles().Printing("1").With("values.schema.json", schema).Fails().Reason, StringComparison.Ordinal);

    [Fact]
    public void Alternatives_that_multiply_are_cut_short()
    {
        string value = string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60);
        string schema = """{"anyOf":[{"properties":{"a":{"$ref":"#"}},"required":["b"]},{"properties":{"a":{"$ref":"#"}},"required":["c"]},{"type":"number","minimum":5}]}""";
        Assert.Throws<SchemaException>(() => SchemaValidator.Validate(SchemaCompiler.Compile(JsonReader.Read(schema)), JsonReader.Read(value)));
    }

    private static string Print(SchemaError error)
    {
        System.Text.StringBuilder text = new();
        foreach (SchemaError one in error.IsGroup ? error.Causes : [error])
        {
            one.Print(text, 0);
        }

        return text.ToString();
    }
}
