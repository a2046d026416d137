using System.Text.RegularExpressions;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Names and amounts of resources.</summary>
internal static partial class ResourceRules
{
    private const string StandardText = "must be a standard resource type or fully qualified";

    /// <summary>requests and limits of a container: known names, no negatives, no request above its limit.</summary>
    public static void Requirements(Checks check, Node? resources, string path)
    {
        foreach (string part in (ReadOnlySpan<string>)["limits", "requests"])
        {
            foreach ((string name, Node amount, string at) in Checks.Members(resources?[part], $"{path}.{part}"))
            {
                ContainerName(check, name, at);
                Value(check, name, amount, at);
            }
        }

        foreach ((string name, Node amount, string _) in Checks.Members(resources?["requests"], $"{path}.requests"))
        {
            AgainstLimit(check, resources!, name, amount, path);
        }

        foreach ((string name, Node _, string at) in Checks.Members(resources?["requests"], $"{path}.requests"))
        {
            if (IsExtended(name) && resources!.At("limits", name) is null)
            {
                check.Add(FieldError.Required($"{path}.limits", "Limit must be set for non overcommitable resources"));
            }

            _ = at;
        }
    }

    /// <summary>A resource of a container.</summary>
    public static void ContainerName(Checks check, string name, string path)
    {
        Name(check, name, path);
        if (!name.Contains('/', StringComparison.Ordinal) && !ContainerResources().IsMatch(name))
        {
            check.Add(FieldError.Invalid(path, name, "must be a standard resource for containers"));
        }
    }

    public static void Name(Checks check, string name, string path)
    {
        foreach (string wrong in NameRules.QualifiedName(name))
        {
            check.Add(FieldError.Invalid(path, name, wrong));
        }

        if (!name.Contains('/', StringComparison.Ordinal) && !StandardResources().IsMatch(name))
        {
            check.Add(FieldError.Invalid(path, name, StandardText));
        }
    }

    /// <summary>What a quota may count.</summary>
    public static void QuotaName(Checks check, string name, string path)
    {
        Name(check, name, path);
        if (!name.Contains('/', StringComparison.Ordinal) && !QuotaResources().IsMatch(name))
        {
            check.Add(FieldError.Invalid(path, name, "must be a standard resource for quota"));
        }
    }

    public static void Value(Checks check, string name, Node amount, string path)
    {
        check.Amount(amount, path);
        bool whole = IsExtended(name) || IntegerResources().IsMatch(name);
        if (whole && Quantity.TryParse(amount.AsString() ?? amount.ToString(), out Quantity quantity) && quantity.Nano != quantity.Units * 1_000_000_000)
        {
            check.Add(FieldError.Invalid(path, amount, "must be an integer"));
        }
    }

    private static void AgainstLimit(Checks check, Node resources, string name, Node amount, string path)
    {
        if (resources.At("limits", name) is not { } most || !Quantity.TryParse(amount.AsString(), out Quantity asked) || !Quantity.TryParse(most.AsString(), out Quantity limit))
        {
            return;
        }

        if (IsExtended(name) && asked != limit)
        {
            check.Add(FieldError.Invalid($"{path}.requests", amount, $"must be equal to {name} limit of {most.AsString()}"));
        }
        else if (asked > limit)
        {
            check.Add(FieldError.Invalid($"{path}.requests", amount, $"must be less than or equal to {name} limit of {most.AsString()}"));
        }
    }

    private static bool IsExtended(string name) => (name.Contains('/', StringComparison.Ordinal) && !name.Contains("kubernetes.io/", StringComparison.Ordinal)) || name.StartsWith("hugepages-", StringComparison.Ordinal);

    [GeneratedRegex(@"^(cpu|memory|ephemeral-storage|hugepages-.+)\z")]
    private static partial Regex ContainerResources();

    [GeneratedRegex(@"^(cpu|memory|ephemeral-storage|storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\.(nodeports|loadbalancers)|(requests|limits)\..+|requests\.storage|hugepages-.+|count/.+)\z")]
    private static partial Regex StandardResources();

    [GeneratedRegex(@"^(cpu|memory|storage|ephemeral-storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|(requests|limits)\..+|services\.(nodeports|loadbalancers)|count/.+|hugepages-.+)\z")]
    private static partial Regex QuotaResources();

    [GeneratedRegex(@"^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\.(nodeports|loadbalancers)|count/.+)\z")]
    private static partial Regex IntegerResources();
}
