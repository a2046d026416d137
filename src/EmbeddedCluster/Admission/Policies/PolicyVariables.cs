using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>A policy's variables in order; each may use those before it.</summary>
internal sealed record PolicyVariables(IReadOnlyList<(string Name, CompiledExpression Expression)> All, CelEnvironment Environment, CelEnvironment Messages)
{
    /// <summary>Compiles them one by one, so that the next knows the types of those before.</summary>
    public static PolicyVariables Compile(Node? variables, bool hasParams) => Compile(variables, PolicyEnvironment.Policy(hasParams), hasParams);

    /// <summary>As for objects, and parameters where there are any, of known types.</summary>
    public static PolicyVariables Compile(Node? variables, CelType objects, CelType? parameters)
    {
        CelEnvironment environment = PolicyEnvironment.Policy(parameters is not null).WithVariable("object", objects).WithVariable("oldObject", objects);
        return Compile(variables, parameters is null ? environment : environment.WithVariable("params", parameters), parameters is not null);
    }

    private static PolicyVariables Compile(Node? variables, CelEnvironment environment, bool hasParams)
    {
        List<(string, CompiledExpression)> all = [];
        Dictionary<string, CelField> fields = new(StringComparer.Ordinal);
        environment = With(environment, fields);
        foreach (Node variable in variables?.AsList() ?? [])
        {
            string name = variable["name"]?.AsString() ?? string.Empty;
            CompiledExpression expression = CompiledExpression.Compile(variable["expression"]?.AsString() ?? string.Empty, environment);
            all.Add((name, expression));
            fields = new Dictionary<string, CelField>(fields, StringComparer.Ordinal) { [name] = new CelField(name, expression.Program?.ResultType ?? CelType.Dyn) };
            environment = With(environment, fields);
        }

        return new PolicyVariables(all, environment, With(PolicyEnvironment.Messages(hasParams), fields));
    }

    /// <summary>The value of <c>variables</c> for one request.</summary>
    public Node Bind(Func<string, Node?> inputs) => new Values(All, inputs);

    private static CelEnvironment With(CelEnvironment environment, Dictionary<string, CelField> fields) => environment.WithVariable("variables", CelType.Object("kubernetes.variables", fields));

    /// <summary>Each is computed when it is first asked for, once.</summary>
    private sealed class Values(IReadOnlyList<(string Name, CompiledExpression Expression)> all, Func<string, Node?> inputs) : CelLazyObject
    {
        private readonly Dictionary<string, Node> known = new(StringComparer.Ordinal);

        public override Node? Find(string name)
        {
            if (known.TryGetValue(name, out Node? value))
            {
                return value;
            }

            CompiledExpression? expression = all.FirstOrDefault(variable => variable.Name == name).Expression;
            if (expression is null)
            {
                return null;
            }

            long budget = CelProgram.DefaultCostLimit;
            CelResult result = expression.Evaluate(asked => asked == "variables" ? this : inputs(asked), ref budget);
            return known[name] = result.Value ?? Fail($"composited variable {name} fails to evaluate: {result.Error}");
        }
    }
}
