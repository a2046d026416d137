using Bowline.EmbeddedCluster.Definitions.Rules;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.Definitions;

/// <summary>x-kubernetes-validations beyond what the recordings hold.</summary>
public sealed class RuleTests
{
    private const string Schema = """
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations:
            - rule: "!has(self.a__dash__b) || self.a__dash__b.__in__ > 0"
              fieldPath: ".a-b['in']"
            - rule: "self.ratio < 2.5"
            - rule: "!has(self.until) || self.until > timestamp('2020-01-01T00:00:00Z')"
            - rule: "oldSelf.hasValue() ? self.count >= oldSelf.value().count : self.count == 0"
              optionalOldSelf: true
              message: it starts at 0 and grows
            properties:
              count: {type: integer}
              ratio: {type: number}
              until: {type: string, format: date-time}
              a-b:
                type: object
                properties:
                  in: {type: integer}
              set:
                type: array
                x-kubernetes-list-type: set
                items: {type: string}
                x-kubernetes-validations:
                - rule: self == oldSelf
                  message: the set is fixed
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  properties:
                    name: {type: string}
                    number:
                      type: integer
                      x-kubernetes-validations:
                      - rule: self == oldSelf
              labels:
                type: object
                additionalProperties:
                  type: string
                  x-kubernetes-validations:
                  - rule: self != 'bad'
                    reason: FieldValueDuplicate
              either:
                x-kubernetes-int-or-string: true
                x-kubernetes-validations:
                - rule: "type(self) == int ? self < 5 : self.endsWith('%')"
              expensive:
                type: string
                x-kubernetes-validations:
                - rule: "self.split('').all(a, self.split('').all(b, self.split('').all(c, true)))"
        """;

    [Theory]
    [InlineData("{count: 0, ratio: 2}", "")]
    [InlineData("{count: 0, ratio: 3}", "spec: Invalid value: failed rule: self.ratio < 2.5")]
    [InlineData("{count: 1, ratio: 1}", "spec: Invalid value: it starts at 0 and grows")]
    [InlineData("{count: 0, ratio: 1, a-b: {in: 0}}", "spec.a-b[in]: Invalid value: failed rule: !has(self.a__dash__b) || self.a__dash__b.__in__ > 0")]
    [InlineData("{count: 0, ratio: 1, until: '2019-01-01T00:00:00Z'}", "spec: Invalid value: failed rule: !has(self.until) || self.until > timestamp('2020-01-01T00:00:00Z')")]
    [InlineData("{count: 0}", "spec: Invalid value: no such key: ratio evaluating rule: self.ratio < 2.5")]
    [InlineData("{count: 0, ratio: 1, labels: {x: bad}}", "spec.labels[x]: Duplicate value: \"bad\"")]
    [InlineData("{count: 0, ratio: 1, either: 7}", "spec.either: Invalid value: 7: failed rule: type(self) == int ? self < 5 : self.endsWith('%')")]
    [InlineData("{count: 0, ratio: 1, either: 10%}", "")]
    public void A_new_object_is_checked(string spec, string expected)
    {
        string found = Check(spec, null, out _);
        Assert.True(expected == found, found);
    }

    [Theory]
    [InlineData("{count: 1, ratio: 1, set: [a, b]}", "{count: 0, ratio: 1, set: [b, a]}", "")]
    [InlineData("{count: 1, ratio: 1, set: [a]}", "{count: 0, ratio: 1, set: [b]}", "spec.set: Invalid value: the set is fixed")]
    [InlineData("{count: 1, ratio: 1, ports: [{name: x, number: 2}, {name: y, number: 1}]}", "{count: 0, ratio: 1, ports: [{name: y, number: 1}]}", "")]
    [InlineData("{count: 1, ratio: 1, ports: [{name: x, number: 2}, {name: y, number: 1}]}", "{count: 0, ratio: 1, ports: [{name: y, number: 7}]}", "spec.ports[1].number: Invalid value: 1: failed rule: self == oldSelf")]
    [InlineData("{count: 0, ratio: 1}", "{count: 5, ratio: 1}", "spec: Invalid value: it starts at 0 and grows")]
    public void A_changed_object_is_compared_with_the_old_one(string spec, string old, string expected) => Assert.Equal(expected, Check(spec, old, out _));

    [Fact]
    public void What_was_wrong_before_and_did_not_change_is_a_warning()
    {
        Assert.Equal(string.Empty, Check("{count: 1, ratio: 1, labels: {x: bad}}", "{count: 0, ratio: 1, labels: {x: bad}}", out List<string> warnings));
        Assert.Equal(["spec.labels[x]: Duplicate value: \"bad\""], warnings);
    }

    [Fact]
    public void A_rule_that_costs_too_much_stops_the_checks()
    {
        string text = new('x', 300);
        Assert.Equal(
            $"spec.expensive: Invalid value: \"{text}\": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.split('').all(a, self.split('').all(b, self.split('').all(c, true)))",
            Check($"{{count: 0, ratio: 1, expensive: {text}}}", null, out _));
    }

    [Theory]
    [InlineData("rule: ''", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Required value: rule is not specified")]
    [InlineData("rule: 'true', message: ' '", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].message: Invalid value: \" \": must be non-empty if specified")]
    [InlineData("rule: 'true', reason: Nope", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].reason: Unsupported value: \"Nope\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInvalid\", \"FieldValueRequired\"")]
    [InlineData("rule: 'true', fieldPath: .nope", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].fieldPath: Invalid value: \".nope\": must be a valid path")]
    [InlineData("rule: 'true', optionalOldSelf: true", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule")]
    [InlineData("rule: '1'", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"1\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: cel expression must evaluate to a bool")]
    [InlineData("rule: 'true', messageExpression: '1'", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].messageExpression: Invalid value: {\"Rule\":\"true\",\"Message\":\"\",\"MessageExpression\":\"1\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: messageExpression must evaluate to a string")]
    [InlineData("rule: 'self.items.all(a,self.items.all(b,a == b))'", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)")]
    [InlineData("rule: 'self.few.all(a,self.few.all(b,a == b))'", "")]
    [InlineData("rule: 'self.metadata.name.size() < 10 && self.kind != \"\"'", "")]
    [InlineData("rule: 'self.metadata.labels.size() < 10'", "undefined field 'labels'")]
    public void A_definitions_rules_are_checked(string rule, string expected)
    {
        MapNode definition = (MapNode)Read($"""
            spec:
              versions:
              - schema:
                  openAPIV3Schema:
                    type: object
                    x-kubernetes-validations:
                    - {rule.Replace(", ", "\n          ", StringComparison.Ordinal)}
                    properties:
                      items:
                        type: array
                        items:
                          type: string
                      few:
                        type: array
                        maxItems: 5
                        items:
                          type: string
                          maxLength: 5
            """);
        List<FieldError> errors = [];
        RuleChecks.Check(definition, errors);
        string found = string.Join('\n', errors);
        Assert.True(expected.Length == 0 ? found.Length == 0 : found.Contains(expected, StringComparison.Ordinal), found);
    }

    [Fact]
    public void Old_values_cannot_be_used_where_items_have_no_identity()
    {
        MapNode definition = (MapNode)Read("""
            spec:
              versions:
              - schema:
                  openAPIV3Schema:
                    type: object
                    properties:
                      items: {type: array, maxItems: 3, items: {type: integer, x-kubernetes-validations: [{rule: self == oldSelf}]}}
            """);
        List<FieldError> errors = [];
        RuleChecks.Check(definition, errors);
        Assert.Equal(
            "spec.validation.openAPIV3Schema.properties[items].items.x-kubernetes-validations[0].rule: Invalid value: \"self == oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[items]",
            string.Join('\n', errors));
    }

    private static string Check(string spec, string? old, out List<string> warnings)
    {
        List<FieldError> errors = [];
        List<string> warned = [];
        MapNode? before = old is null ? null : new MapNode { ["spec"] = Read(old) };
        new RuleEvaluation(errors, warned.Add).Check(SchemaRules.Of((MapNode)Read(Schema)), new MapNode { ["spec"] = Read(spec) }, before);
        warnings = warned;
        return string.Join('\n', errors);
    }

    private static Node Read(string yaml) => YamlReader.Read(yaml);
}
