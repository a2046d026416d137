using System.Text.RegularExpressions;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Names and amounts of resources.</summary>
internal static partial class ResourceRules
{
    private const string StandardText = "must be a standard resource type or fully qualified";

    /// <summary>requests and limits of a container: known names, no negatives, no request above its limit.</summary>
    /// <param name="claims">Names of the pod's resource claims.</param>
    public static void Requirements(Checks check, Node? resources, string path, string[] claims)
    {
        Amounts(check, resources, path, ContainerName);
        Claims(check, resources?["claims"], $"{path}.claims", claims);
    }

    /// <summary>requests and limits of a pod as a whole.</summary>
    public static void PodRequirements(Checks check, Node resources, string path) => Amounts(check, resources, path, static (check, name, at) =>
    {
        int before = check.Errors.Count;
        Name(check, name, at);
        if (check.Errors.Count == before && !PodLevel().IsMatch(name))
        {
            check.Add(FieldError.NotSupported(at, name, "cpu", "hugepages-", "memory"));
        }
    });

    public static void Overhead(Checks check, Node? overhead, string path)
    {
        foreach ((string name, Node amount, string at) in Checks.Members(overhead, path))
        {
            ContainerName(check, name, at);
            Value(check, name, amount, at);
        }
    }

    public static bool Exceeds(Node? amount, Node? most) => most is not null && Quantity.TryRead(amount, out Quantity asked) && Quantity.TryRead(most, out Quantity limit) && asked > limit;

    private static void Amounts(Checks check, Node? resources, string path, Action<Checks, string, string> rule)
    {
        bool compute = false;
        bool huge = false;
        foreach (string part in (ReadOnlySpan<string>)["limits", "requests"])
        {
            foreach ((string name, Node amount, string at) in Checks.Members(resources?[part], $"{path}.{part}"))
            {
                rule(check, name, at);
                Value(check, name, amount, at);
                Divisible(check, name, amount, at);
                compute |= name is "cpu" or "memory";
                huge |= IsHuge(name);
            }
        }

        foreach ((string name, Node amount, string _) in Checks.Members(resources?["requests"], $"{path}.requests"))
        {
            AgainstLimit(check, resources!, name, amount, path);
        }

        if (huge && !compute)
        {
            check.Add(FieldError.Forbidden(path, "HugePages require cpu or memory"));
        }
    }

    private static void Claims(Checks check, Node? claims, string path, string[] known)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node claim, string at) in Checks.Each(claims, path))
        {
            string name = Checks.Text(claim["name"]);
            if (name.Length == 0)
            {
                check.Add(FieldError.Required(at));
                continue;
            }

            string request = Checks.Text(claim["request"]);
            check.NameIfSet(claim["request"], $"{at}.request", NameRules.Label);
            if (seen.Contains(name) || !seen.Add(request.Length == 0 ? name : $"{name}/{request}"))
            {
                check.Add(FieldError.Duplicate(at, request.Length == 0 || seen.Contains(name) ? name : $"{name}/{request}"));
            }

            if (!known.Contains(name))
            {
                string which = known.Length == 0 ? " which is empty" : $": {string.Join(", ", known.Order(StringComparer.Ordinal))}";
                check.Add(new FieldError("FieldValueNotFound", at, $"Not found: \"{name}\": must be one of the names in pod.spec.resourceClaims{which}"));
            }
        }
    }

    private static void Divisible(Checks check, string name, Node amount, string path)
    {
        if (IsHuge(name) && Quantity.TryRead(amount, out Quantity quantity) && Quantity.TryParse(name["hugepages-".Length..], out Quantity page) && page.Sign > 0 && (quantity.Nano % page.Nano != 0 || quantity.Sign <= 0))
        {
            check.Add(FieldError.Invalid(path, amount, $"{quantity} is not positive integer multiple of {name}"));
        }
    }

    /// <summary>A resource of a container.</summary>
    public static void ContainerName(Checks check, string name, string path)
    {
        Name(check, name, path);
        if (!name.Contains('/', StringComparison.Ordinal))
        {
            if (!ContainerResources().IsMatch(name))
            {
                check.Add(FieldError.Invalid(path, name, "must be a standard resource for containers"));
            }
        }
        else if (!name.Contains("kubernetes.io/", StringComparison.Ordinal) && (name.StartsWith("requests.", StringComparison.Ordinal) || NameRules.QualifiedName($"requests.{name}").Any()))
        {
            check.Add(FieldError.Invalid(path, name, "doesn't follow extended resource name standard"));
        }
    }

    public static void Name(Checks check, string name, string path)
    {
        int before = check.Errors.Count;
        foreach (string wrong in NameRules.QualifiedName(name))
        {
            check.Add(FieldError.Invalid(path, name, wrong));
        }

        if (check.Errors.Count == before && !name.Contains('/', StringComparison.Ordinal) && !StandardResources().IsMatch(name))
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
        bool exact = IsExtended(name) || IsHuge(name);
        if (resources.At("limits", name) is not { } most)
        {
            if (exact)
            {
                check.Add(FieldError.Required($"{path}.limits", "Limit must be set for non overcommitable resources"));
            }

            return;
        }

        if (!Quantity.TryRead(amount, out Quantity asked) || !Quantity.TryRead(most, out Quantity limit))
        {
            return;
        }

        if (exact && asked != limit)
        {
            check.Add(FieldError.Invalid($"{path}.requests", amount, $"must be equal to {name} limit of {most.AsString()}"));
        }
        else if (asked > limit)
        {
            check.Add(FieldError.Invalid($"{path}.requests", amount, $"must be less than or equal to {name} limit of {most.AsString()}"));
        }
    }

    /// <summary>Whether more may be promised of a resource than there is.</summary>
    public static bool CanOvercommit(string name) => !IsExtended(name) && !IsHuge(name);

    public static bool IsExtended(string name) => name.Contains('/', StringComparison.Ordinal) && !name.Contains("kubernetes.io/", StringComparison.Ordinal) && !name.StartsWith("requests.", StringComparison.Ordinal);

    private static bool IsHuge(string name) => name.StartsWith("hugepages-", StringComparison.Ordinal);

    [GeneratedRegex(@"^(cpu|memory|hugepages-.+)\z")]
    private static partial Regex PodLevel();

    [GeneratedRegex(@"^(cpu|memory|ephemeral-storage|hugepages-.+)\z")]
    private static partial Regex ContainerResources();

    [GeneratedRegex(@"^(cpu|memory|ephemeral-storage|storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\.(nodeports|loadbalancers)|(requests|limits)\.(cpu|memory|ephemeral-storage)|requests\.storage|(requests\.)?hugepages-.+)\z")]
    private static partial Regex StandardResources();

    /// <summary>What a quota counts by a name of its own.</summary>
    [GeneratedRegex(@"^(cpu|memory|ephemeral-storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|(requests|limits)\.(cpu|memory|ephemeral-storage)|requests\.storage|services\.(nodeports|loadbalancers)|(requests\.)?hugepages-.+)\z")]
    internal static partial Regex QuotaResources();

    [GeneratedRegex(@"^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\.(nodeports|loadbalancers))\z")]
    private static partial Regex IntegerResources();
}
