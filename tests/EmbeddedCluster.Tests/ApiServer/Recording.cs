using System.Text;
using System.Text.RegularExpressions;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Placeholders of one recorded scenario and the values they got so far.</summary>
internal sealed partial class Bindings
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public Bindings()
    {
    }

    private Bindings(Dictionary<string, string> values) => this.values = new(values, StringComparer.Ordinal);

    public Bindings Copy() => new(values);

    public void Take(Bindings other)
    {
        foreach ((string key, string value) in other.values)
        {
            values[key] = value;
        }
    }

    public void Bind(string name, string value) => values[name] = value;

    public string Fill(string text) => Placeholder().Replace(text, match => values.GetValueOrDefault(match.Value, match.Value is "<time>" ? "2026-01-01T00:00:00Z" : match.Value is "<microtime>" ? "2026-01-01T00:00:00.000000Z" : Unbound(match.Value)));

    // A value that a scenario sends before any answer showed one: its own literal, which the recorder took for a generated one.
    private static string Unbound(string placeholder) =>
        placeholder.StartsWith("<rand-", StringComparison.Ordinal) ? "xxxxx" : placeholder.StartsWith("<clusterIP-", StringComparison.Ordinal) ? "10.0.0.222" : placeholder;

    public Node Fill(Node node)
    {
        switch (node)
        {
            case MapNode map:
                MapNode filled = new();
                foreach ((string key, Node value) in map)
                {
                    filled[Fill(key)] = Fill(value);
                }

                return filled;
            case ListNode list:
                return new ListNode(list.Select(Fill));
            case StringNode text when Port().IsMatch(text.Value) && values.TryGetValue(text.Value, out string? port):
                return IntegerNode.Of(long.Parse(port));
            case StringNode text:
                return StringNode.Of(Fill(text.Value));
            default:
                return node;
        }
    }

    /// <summary>Whether a recorded text describes a real one; placeholders met for the first time are bound.</summary>
    public bool Matches(string recorded, string real)
    {
        if (!recorded.Contains('<', StringComparison.Ordinal))
        {
            return recorded == real;
        }

        StringBuilder pattern = new("^");
        List<string> names = [];
        int at = 0;
        foreach (Match match in Placeholder().Matches(recorded))
        {
            pattern.Append(Regex.Escape(recorded[at..match.Index]));
            at = match.Index + match.Length;
            if (values.TryGetValue(match.Value, out string? bound))
            {
                pattern.Append(Regex.Escape(bound));
            }
            else if (names.Contains(match.Value))
            {
                pattern.Append("\\k<p").Append(names.IndexOf(match.Value)).Append('>');
            }
            else
            {
                pattern.Append("(?<p").Append(names.Count).Append('>').Append(PatternOf(match.Value)).Append(')');
                names.Add(match.Value);
            }
        }

        pattern.Append(Regex.Escape(recorded[at..])).Append('$');
        Match found = Regex.Match(real, pattern.ToString(), RegexOptions.Singleline);
        if (!found.Success)
        {
            return false;
        }

        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].Contains('-', StringComparison.Ordinal) && char.IsDigit(names[i][^2]))
            {
                values[names[i]] = found.Groups["p" + i].Value;
            }
        }

        return true;
    }

    private static string PatternOf(string placeholder) => placeholder.Trim('<', '>').Split('-')[0] switch
    {
        "uid" => "[0-9a-f]{8}-[0-9a-f-]{27}",
        "rv" => "[0-9]+",
        "time" => "[0-9T:-]{19}Z",
        "microtime" => "[0-9T:.-]{20,}Z",
        "rand" => "[a-z0-9]{5}",
        "clusterIP" or "podIP" => "[0-9a-f.:]+",
        "nodePort" => "[0-9]+",
        "jwt" => "[A-Za-z0-9_.-]+",
        _ => ".+",
    };

    [GeneratedRegex("<(uid|rv|rand|clusterIP|nodePort|podIP|continue|jwt)-[0-9]+>|<(rv|time|microtime|age|hex|minutes|server|pem-certificate|prose|sha256|sha512|kid|modulus|base64[^>]*|unix-time[^>]*)>")]
    private static partial Regex Placeholder();

    [GeneratedRegex("^<nodePort-[0-9]+>$")]
    private static partial Regex Port();
}

/// <summary>Compares recorded with real answers by the rules of the recordings' README.</summary>
internal sealed class AnswerComparer(Bindings bindings)
{
    private readonly List<string> differences = [];

    public IReadOnlyList<string> Differences => differences;

    public bool Compare(Node recorded, Node real, bool trimmed, string path = "")
    {
        switch (recorded)
        {
            case MapNode map when real is MapNode other:
                return CompareMaps(map, other, trimmed, path);
            case ListNode keys when trimmed && real is MapNode map && path == "/paths":
                return keys.All(key => map.ContainsKey(key.AsString()!)) || Differ(path, recorded, real);
            case ListNode list when real is ListNode other:
                return CompareLists(list, other, trimmed, path);
            case StringNode text:
                return CompareText(text.Value, real, path);
            default:
                return recorded.DeepEquals(real) || Differ(path, recorded, real);
        }
    }

    private bool CompareMaps(MapNode recorded, MapNode real, bool trimmed, string path)
    {
        bool isStatus = recorded["kind"]?.AsString() == "Status";
        bool equal = true;
        foreach ((string key, Node value) in recorded)
        {
            string at = $"{path}/{key}";
            if (Ignored(recorded, key, path, isStatus))
            {
                if (key == "resourceVersion" && value.AsString() is { } version && real[key]?.AsString() is { } realVersion)
                {
                    bindings.Matches(version, realVersion);
                }

                continue;
            }

            Node? found = real[bindings.Fill(key)];
            if (found is null && trimmed && value.IsNull)
            {
                continue;
            }

            if (found is null)
            {
                equal = Differ(at, value, null);
            }
            else if (isStatus && key == "message")
            {
                equal &= CompareMessage(value.AsString() ?? string.Empty, found.AsString() ?? string.Empty, at);
            }
            else
            {
                equal &= Compare(value, found, trimmed, at);
            }
        }

        foreach (string key in real.Keys.Where(key => !trimmed && !recorded.Keys.Any(own => bindings.Fill(own) == key) && !Ignored(real, key, path, isStatus)))
        {
            equal = Differ($"{path}/{key}", null, real[key]);
        }

        return equal;
    }

    private static bool Ignored(MapNode map, string key, string path, bool isStatus) =>
        (key == "uid" && path.EndsWith("/details", StringComparison.Ordinal))
        || (isStatus && key == "metadata" && map[key] is MapNode { Count: 0 })
        || (key == "description" && path.Contains("/columnDefinitions", StringComparison.Ordinal))
        || (key == "resourceVersion" && map.Count < 4 && map["name"] is null && path.EndsWith("/metadata", StringComparison.Ordinal))
        || (key == "details" && isStatus && map[key] is MapNode { Count: 0 })
        || key == "authentication.kubernetes.io/credential-id"
        || (key == "reason" && path.EndsWith("/status", StringComparison.Ordinal) && map["allowed"] is not null);

    private bool CompareLists(ListNode recorded, ListNode real, bool trimmed, string path)
    {
        if ((path == "/items" && recorded.Any(IsNamedAtRandom)) || path.EndsWith("/managedFields", StringComparison.Ordinal) || path.EndsWith("/causes", StringComparison.Ordinal) || path.EndsWith("Rules", StringComparison.Ordinal))
        {
            return CompareSets(recorded, real, trimmed, path);
        }

        bool discovery = path is "/groups" or "/resources" || path.EndsWith("/resources", StringComparison.Ordinal) || (path == "/items" && real.Any(item => item["versions"] is not null));
        if (recorded.Count != real.Count && !(trimmed && discovery && recorded.Count < real.Count))
        {
            return Differ(path + "(count)", recorded, real);
        }

        bool equal = true;
        for (int i = 0; i < recorded.Count; i++)
        {
            equal &= Compare(recorded[i], real[i], trimmed, $"{path}/{i}");
        }

        return equal;
    }

    // Lists come sorted by name, and events were sorted by texts that quote such names: the order says nothing then.
    private static bool IsNamedAtRandom(Node item) =>
        item["involvedObject"] is not null || (item["metadata"]?["name"]?.AsString()?.Contains("<rand-", StringComparison.Ordinal) ?? false);

    private bool CompareSets(ListNode recorded, ListNode real, bool trimmed, string path)
    {
        if (path.EndsWith("/causes", StringComparison.Ordinal))
        {
            return SameCauses(recorded, real) || Differ(path, recorded, real);
        }

        List<Node> rest = [.. real];
        List<Node> missing = [];
        bool Fits(Node item, Node candidate, Bindings trial) => new AnswerComparer(trial).Compare(item, candidate, trimmed, path + "/*");
        // Always the choosiest next: what any candidate would do for must not take the only one of another.
        for (List<Node> open = [.. recorded]; open.Count > 0;)
        {
            Node item = open.MinBy(item => rest.Count(candidate => Fits(item, candidate, bindings.Copy())))!;
            open.Remove(item);
            Node? match = rest.Find(candidate =>
            {
                Bindings trial = bindings.Copy();
                bool fits = Fits(item, candidate, trial);
                if (fits)
                {
                    bindings.Take(trial);
                }

                return fits;
            });
            if (match is null)
            {
                missing.Add(item);
            }
            else
            {
                rest.RemoveAt(rest.FindIndex(candidate => ReferenceEquals(candidate, match)));
            }
        }

        return (missing.Count == 0 && rest.Count == 0) || Differ(path + "(set)", new ListNode(missing), new ListNode(rest));
    }

    private bool SameCauses(ListNode recorded, ListNode real)
    {
        // As sets: the reference tells some errors of metadata twice.
        bool Same(Node cause, Node other) => Node.DeepEquals(cause["reason"], other["reason"]) && SameText(cause["field"]?.AsString() ?? string.Empty, other["field"]?.AsString() ?? string.Empty)
            && SameText(cause["message"]?.AsString() ?? string.Empty, other["message"]?.AsString() ?? string.Empty);
        return recorded.All(cause => real.Any(other => Same(cause, other))) && real.All(other => recorded.Any(cause => Same(cause, other)));
    }

    private bool SameText(string recorded, string real)
    {
        (string left, string right) = StatusTexts.Comparable(recorded, real);
        return bindings.Matches(left, right);
    }

    private bool CompareText(string recorded, Node real, string path)
    {
        string text = real is StringNode node ? node.Value : real is IntegerNode ? real.ToString()! : "\0";
        return bindings.Matches(recorded, text) || Differ(path, StringNode.Of(recorded), real);
    }

    private bool CompareMessage(string recorded, string real, string path)
    {
        if (bindings.Copy().Matches(recorded, real))
        {
            return bindings.Matches(recorded, real);
        }

        if (SameText(recorded, real))
        {
            return true;
        }

        (string left, string right) = StatusTexts.Comparable(recorded, real);
        string[] wanted = Pieces(left);
        string[] had = Pieces(right);
        bool same = wanted.Length == had.Length && wanted.All(want => had.Any(have => bindings.Matches(want, have)));
        return same || Differ(path, StringNode.Of(recorded), StringNode.Of(real));
    }

    private static string[] Pieces(string message) => [.. message.Split([", ", "[", "]", "\n"], StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    private bool Differ(string path, Node? recorded, Node? real)
    {
        differences.Add($"{path}: recorded {Show(recorded)} real {Show(real)}");
        return false;
    }

    private static string Show(Node? node)
    {
        string text = node is null ? "(nothing)" : JsonWriter.ToText(node, new JsonWriteOptions { SortKeys = true });
        return text.Length > 600 ? text[..600] + "…" : text;
    }
}
