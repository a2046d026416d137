using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Tests;

namespace Bowline.Cli.Tests.Output;

/// <summary>The plan document: stable, complete, as docs/plan.schema.json says, and without Secret values.</summary>
public sealed class PlanTests
{
    private static readonly string Golden = Path.Combine(SharedFolder.Checkout, "tests", "Cli.Tests", "golden", "plan");

    [Fact]
    public async Task The_document_is_the_golden_one_and_fits_its_schema()
    {
        using Scratch scratch = new();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Golden, "input"), "*", SearchOption.AllDirectories))
        {
            scratch.Write(Path.GetRelativePath(Path.Combine(Golden, "input"), file), File.ReadAllText(file));
        }

        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "plan", "--repo", scratch.Repository, "--output", "json");
        Assert.True(exit == 0, errors);
        string expected = Path.Combine(Golden, "expected.json");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(expected, output);
        }

        Assert.Equal(File.ReadAllText(expected), output);
        Assert.DoesNotContain("aHVudGVyMg==", output);
        Assert.DoesNotContain("hunter2", output);
        Node schema = JsonReader.Read(File.ReadAllText(Path.Combine(SharedFolder.Checkout, "docs", "plan.schema.json")));
        Check("plan", JsonReader.Read(output), schema, schema);
    }

    /// <summary>As much of JSON Schema as the plan's schema uses: type, enum, required, properties without others, items, $ref.</summary>
    private static void Check(string at, Node value, Node schema, Node root)
    {
        if (schema["$ref"]?.AsString() is { } reference)
        {
            schema = root.At("$defs", reference.Split('/')[^1])!;
        }

        string actual = value switch { MapNode => "object", ListNode => "array", StringNode => "string", IntegerNode => "integer", BoolNode => "boolean", _ => value.Kind.ToString() };
        Assert.True(schema["type"] is null || schema["type"]!.AsString() == actual, $"{at}: {actual} is not {schema["type"]}");
        Assert.True(schema["enum"] is not ListNode allowed || allowed.Any(one => one.DeepEquals(value)), $"{at}: {value} is not allowed");
        foreach (Node required in schema["required"]?.AsList() ?? [])
        {
            Assert.True(value[required.AsString()!] is not null, $"{at}: {required} is missing");
        }

        if (value is MapNode map && schema["properties"] is MapNode properties)
        {
            foreach ((string key, Node member) in map)
            {
                Assert.True(properties.ContainsKey(key), $"{at}: {key} is not in the schema");
                Check($"{at}.{key}", member, properties[key]!, root);
            }
        }

        foreach ((Node item, int index) in (schema["items"] is null ? [] : value.AsList()!).Select((item, index) => (item, index)))
        {
            Check($"{at}[{index}]", item, schema["items"]!, root);
        }
    }
}
