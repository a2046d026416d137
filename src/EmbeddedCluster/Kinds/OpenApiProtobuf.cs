using System.Collections.Frozen;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>
/// OpenAPI documents as the protobuf messages <c>openapi.v2.Document</c>, which is how kubectl before 1.27 asks for it, and <c>openapi.v3.Document</c>.
/// The shapes are those of gnostic's OpenAPIv2.proto and OpenAPIv3.proto, of members that Kubernetes' documents have; others are left out.
/// </summary>
internal static class OpenApiProtobuf
{
    // Kinds: s string, b bool, l int64, d double, y any value as YAML, {X} named X's, X? an X or a reference, and names of messages; * is a list.
    // "x-" is where a message keeps its extensions. Messages of v3 that v2 has otherwise have a 3 behind their name.
    private static readonly FrozenDictionary<string, FrozenDictionary<string, Member>> Shapes = new Dictionary<string, string>
    {
        ["Document3"] = "openapi 1 s,info 2 Info3,paths 4 Paths3,components 5 Components,security 6 Requirement*,x- 9 y",
        ["Info3"] = "title 1 s,description 2 s,termsOfService 3 s,version 6 s,x- 7 y",
        ["PathItem3"] = "$ref 1 s,summary 2 s,description 3 s,get 4 Operation3,put 5 Operation3,post 6 Operation3,delete 7 Operation3,options 8 Operation3,head 9 Operation3,patch 10 Operation3,trace 11 Operation3,parameters 13 Parameter3?*,x- 14 y",
        ["Operation3"] = "tags 1 s*,summary 2 s,description 3 s,operationId 5 s,parameters 6 Parameter3?*,requestBody 7 RequestBody?,responses 8 Responses3,deprecated 10 b,security 11 Requirement*,x- 13 y",
        ["Parameter3"] = "name 1 s,in 2 s,description 3 s,required 4 b,deprecated 5 b,allowEmptyValue 6 b,style 7 s,explode 8 b,allowReserved 9 b,schema 10 Schema3?,example 11 y,content 13 {MediaType},x- 14 y",
        ["RequestBody"] = "description 1 s,content 2 {MediaType},required 3 b,x- 4 y",
        ["MediaType"] = "schema 1 Schema3?,example 2 y,x- 5 y",
        ["Response3"] = "description 1 s,content 3 {MediaType},x- 5 y",
        ["Components"] = "schemas 1 {Schema3?},responses 2 {Response3?},parameters 3 {Parameter3?},requestBodies 5 {RequestBody?},securitySchemes 7 {SecurityScheme?},x- 10 y",
        ["SecurityScheme"] = "type 1 s,description 2 s,name 3 s,in 4 s,scheme 5 s,bearerFormat 6 s,openIdConnectUrl 8 s,x- 9 y",
        ["Schema3"] = "nullable 1 b,readOnly 3 b,writeOnly 4 b,example 7 y,deprecated 8 b,title 9 s,multipleOf 10 d,maximum 11 d,exclusiveMaximum 12 b,minimum 13 d,exclusiveMinimum 14 b,maxLength 15 l,minLength 16 l,pattern 17 s,maxItems 18 l,minItems 19 l,uniqueItems 20 b,maxProperties 21 l,minProperties 22 l,required 23 s*,enum 24 y*,type 25 s,allOf 26 Schema3?*,oneOf 27 Schema3?*,anyOf 28 Schema3?*,not 29 Schema3,items 30 Items3,properties 31 {Schema3?},additionalProperties 32 SchemaOrBool3,default 33 Default3,description 34 s,format 35 s,x- 36 y",
        ["Document"] = "swagger 1 s,info 2 Info,host 3 s,basePath 4 s,schemes 5 s*,consumes 6 s*,produces 7 s*,paths 8 Paths,definitions 9 {Schema},parameters 10 {Parameter},responses 11 {Response},security 12 Requirement*,securityDefinitions 13 {Security},x- 16 y",
        ["Info"] = "title 1 s,version 2 s,description 3 s,termsOfService 4 s,x- 7 y",
        ["PathItem"] = "$ref 1 s,get 2 Operation,put 3 Operation,post 4 Operation,delete 5 Operation,options 6 Operation,head 7 Operation,patch 8 Operation,parameters 9 ParametersItem*,x- 10 y",
        ["Operation"] = "tags 1 s*,summary 2 s,description 3 s,operationId 5 s,produces 6 s*,consumes 7 s*,parameters 8 ParametersItem*,responses 9 Responses,schemes 10 s*,deprecated 11 b,security 12 Requirement*,x- 13 y",
        ["Reference"] = "$ref 1 s,description 2 s",
        ["Body"] = "description 1 s,name 2 s,in 3 s,required 4 b,schema 5 Schema,x- 6 y",
        ["Query"] = "required 1 b,in 2 s,description 3 s,name 4 s,allowEmptyValue 5 b,type 6 s,format 7 s,collectionFormat 9 s,default 10 y,uniqueItems 20 b,enum 21 y*,x- 23 y",
        ["Path"] = "required 1 b,in 2 s,description 3 s,name 4 s,type 5 s,format 6 s,collectionFormat 8 s,default 9 y,uniqueItems 19 b,enum 20 y*,x- 22 y",
        ["Response"] = "description 1 s,schema 2 SchemaItem,x- 5 y",
        ["ApiKey"] = "type 1 s,name 2 s,in 3 s,description 4 s,x- 5 y",
        ["Schema"] = "$ref 1 s,format 2 s,title 3 s,description 4 s,default 5 y,multipleOf 6 d,maximum 7 d,exclusiveMaximum 8 b,minimum 9 d,exclusiveMinimum 10 b,maxLength 11 l,minLength 12 l,pattern 13 s,maxItems 14 l,minItems 15 l,uniqueItems 16 b,maxProperties 17 l,minProperties 18 l,required 19 s*,enum 20 y*,additionalProperties 21 SchemaOrBool,type 22 Type,items 23 SchemaItem,allOf 24 Schema*,properties 25 {Schema},discriminator 26 s,readOnly 27 b,example 30 y,x- 31 y",
    }.ToFrozenDictionary(shape => shape.Key, shape => Read(shape.Value), StringComparer.Ordinal);

    /// <param name="document">The document as it is in JSON.</param>
    public static byte[] WriteV2(MapNode document) => Of("Document", document).Written.ToArray();

    /// <inheritdoc cref="WriteV2"/>
    public static byte[] WriteV3(MapNode document) => Of("Document3", document).Written.ToArray();

    private static FrozenDictionary<string, Member> Read(string shape) => shape.Split(',').Select(member => member.Split(' '))
        .ToFrozenDictionary(words => words[0], words => new Member(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), words[2].TrimEnd('*'), words[2].EndsWith('*')), StringComparer.Ordinal);

    private static ProtobufMessage Of(string shape, Node node)
    {
        ProtobufMessage message = new();
        FrozenDictionary<string, Member> members = Shapes[shape];
        foreach ((string name, Node value) in node as MapNode ?? [])
        {
            if (name.StartsWith("x-", StringComparison.Ordinal) && members.TryGetValue("x-", out Member? extensions))
            {
                message.Bytes(extensions.Number, Named(name, Any(value)).Written);
            }
            else if (members.TryGetValue(name, out Member? member))
            {
                foreach (Node item in member.IsList ? value.AsList() ?? [] : [value])
                {
                    Add(message, member, item);
                }
            }
        }

        return message;
    }

    private static void Add(ProtobufMessage message, Member member, Node value)
    {
        switch (member.Kind)
        {
            case "s":
                message.Text(member.Number, value.AsString() ?? string.Empty);
                break;
            case "b":
                message.Number(member.Number, value.AsBool() == true ? 1UL : 0UL);
                break;
            case "l":
                message.Number(member.Number, (ulong)(value.AsInteger() ?? 0));
                break;
            case "d":
                message.Fixed(member.Number, BitConverter.DoubleToUInt64Bits(value.AsNumber() ?? 0));
                break;
            default:
                message.Bytes(member.Number, Nested(member.Kind, value).Written);
                break;
        }
    }

    private static ProtobufMessage Nested(string kind, Node value) => kind switch
    {
        "y" => Any(value),
        "Paths3" => All(value, static key => key.StartsWith('/') ? 1 : 2, (key, item) => key.StartsWith('/') ? Of("PathItem3", item) : Any(item)),
        "Responses3" => Responses(value),
        "Items3" => One(1, Nested("Schema3?", value)),
        "SchemaOrBool3" => value is BoolNode allowed ? Bool(2, allowed.Value) : One(1, Nested("Schema3?", value)),
        "Default3" => Default(value),
        "Paths" => All(value, key => key.StartsWith('/') ? 2 : 1, (key, item) => key.StartsWith('/') ? Of("PathItem", item) : Any(item)),
        "Responses" => All(value, static _ => 1, static (_, item) => ReferenceOr(item, response => Of("Response", response))),
        "ParametersItem" => ReferenceOr(value, Parameter),
        "Parameter" => Parameter(value),
        "Requirement" => All(value, static _ => 1, static (_, scopes) => Strings(scopes)),
        "Security" => One(2, Of("ApiKey", value)),
        "SchemaItem" => One(1, Of("Schema", value)),
        "SchemaOrBool" => value is BoolNode allows ? Bool(2, allows.Value) : One(1, Of("Schema", value)),
        "Type" => Strings(value is ListNode ? value : new ListNode(value)),
        _ when kind[0] == '{' => All(value, static _ => 1, (_, item) => Nested(kind[1..^1], item)),
        _ when kind[^1] == '?' => ReferenceOr(value, own => Of(kind[..^1], own)),
        _ => Of(kind, value),
    };

    private static ProtobufMessage Parameter(Node value) => value["in"]?.AsString() switch
    {
        "body" => One(1, Of("Body", value)),
        "query" => One(2, One(3, Of("Query", value))),
        "path" => One(2, One(4, Of("Path", value))),
        string other => throw new NotSupportedException($"parameters in {other} are not written as protobuf"),
        null => throw new NotSupportedException("a parameter says where it stands"),
    };

    /// <summary>The default answer has a field of its own, the others are named by their codes.</summary>
    private static ProtobufMessage Responses(Node value)
    {
        ProtobufMessage message = new();
        foreach ((string code, Node response) in value as MapNode ?? [])
        {
            ProtobufMessage one = Nested("Response3?", response);
            message.Bytes(code == "default" ? 1 : 2, (code == "default" ? one : Named(code, one)).Written);
        }

        return message;
    }

    /// <summary>A number, a bool or a string; gnostic has no place for lists and maps.</summary>
    private static ProtobufMessage Default(Node value)
    {
        ProtobufMessage message = new();
        switch (value)
        {
            case BoolNode flag:
                message.Number(2, flag.Value ? 1UL : 0UL);
                break;
            case StringNode text:
                message.Text(3, text.Value);
                break;
            case IntegerNode or FloatNode:
                message.Fixed(1, BitConverter.DoubleToUInt64Bits(value.AsNumber() ?? 0));
                break;
            default:
                break;
        }

        return message;
    }

    private static ProtobufMessage ReferenceOr(Node value, Func<Node, ProtobufMessage> own) => value["$ref"] is null ? One(1, own(value)) : One(2, Of("Reference", value));

    private static ProtobufMessage Any(Node value)
    {
        ProtobufMessage message = new();
        message.Text(2, JsonWriter.ToText(value) + "\n");
        return message;
    }

    private static ProtobufMessage All(Node value, Func<string, int> number, Func<string, Node, ProtobufMessage> item)
    {
        ProtobufMessage message = new();
        foreach ((string key, Node member) in value as MapNode ?? [])
        {
            message.Bytes(number(key), Named(key, item(key, member)).Written);
        }

        return message;
    }

    private static ProtobufMessage Named(string name, ProtobufMessage value)
    {
        ProtobufMessage message = new();
        message.Text(1, name);
        message.Bytes(2, value.Written);
        return message;
    }

    private static ProtobufMessage One(int number, ProtobufMessage value)
    {
        ProtobufMessage message = new();
        message.Bytes(number, value.Written);
        return message;
    }

    private static ProtobufMessage Bool(int number, bool value)
    {
        ProtobufMessage message = new();
        message.Number(number, value ? 1UL : 0UL);
        return message;
    }

    private static ProtobufMessage Strings(Node list)
    {
        ProtobufMessage message = new();
        foreach (Node item in list.AsList() ?? [])
        {
            message.Text(1, item.AsString() ?? string.Empty);
        }

        return message;
    }

    private sealed record Member(int Number, string Kind, bool IsList);
}
