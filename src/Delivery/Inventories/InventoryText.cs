using System.Globalization;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Inventories;

/// <summary>An inventory as the data of a ConfigMap. What cannot be read (somebody edited it) counts as absent, never as a reason to delete.</summary>
internal static class InventoryText
{
    public const string RequestAnnotation = "bowline.dev/request";

    public static Inventory Read(MapNode? stored)
    {
        if (stored?["data"] is not MapNode data)
        {
            return Inventory.Empty;
        }

        return new Inventory(ReadEntries(Parse(data["entries"])), data["synced"]?.AsString() ?? string.Empty)
        {
            Home = data["home"]?.AsString() ?? string.Empty,
            PruneOnRemoval = data["pruneOnRemoval"]?.AsString() == "true",
            As = data["as"]?.AsString() ?? string.Empty,
            Operation = ReadOperation(Parse(data["operation"])),
            History = [.. Items(Parse(data["history"])).Select(ReadDelivery)],
            Hold = Parse(data["hold"]) is MapNode hold ? new Hold(Text(hold["from"]), (int?)hold["rolledBackTo"]?.AsInteger(), Text(hold["reason"])) { IsHalt = hold["halt"]?.AsBool() == true } : null,
            DeleteHooks = [.. Items(Parse(data["deleteHooks"])).OfType<MapNode>()],
            HasSecretHooks = data["secretHooks"]?.AsString() == "true",
            HookKinds = [.. Items(Parse(data["hookKinds"])).OfType<ListNode>().Where(parts => parts.Count == 2).Select(parts => ResourceKind.Of(Text(parts[0]), Text(parts[1])))],
            Request = ReadRequest(stored),
            Confirmed = data["confirmed"]?.AsString() is { Length: > 0 } confirmed ? Time(confirmed) : null,
            Failure = data["failure"]?.AsString() ?? string.Empty,
            Claim = Parse(data["claim"]) is MapNode claim ? new RecordClaim(Text(claim["holder"]), claim["epoch"]?.AsInteger() ?? 0) : null,
            TakenOver = [.. Items(Parse(data["takenOver"])).Select(ReadPin)],
            Answer = Parse(data["answer"]) is MapNode answer
                ? new RequestAnswer(Text(answer["id"]), answer["done"]?.AsBool() == true, answer["succeeded"]?.AsBool() == true, Text(answer["message"]))
                : null,
        };
    }

    public static OperatorRequest? ReadRequest(MapNode stored) => Parse(stored.At("metadata", "annotations", RequestAnnotation)) is MapNode request
        ? new OperatorRequest(Text(request["id"]), Text(request["verb"]), Text(request["argument"]), Text(request["by"]), Time(Text(request["at"])))
        : null;

    public static MapNode Write(Inventory inventory)
    {
        MapNode data = new()
        {
            ["entries"] = JsonWriter.ToText(new ListNode(inventory.Entries.Select(Node (entry) => new ListNode([entry.Kind.ApiVersion, entry.Kind.Kind, entry.Namespace, entry.Name])))),
            ["synced"] = inventory.Synced,
            ["pruneOnRemoval"] = inventory.PruneOnRemoval ? "true" : "false",
        };
        if (inventory.Operation is { } operation)
        {
            data["operation"] = JsonWriter.ToText(new MapNode { ["id"] = operation.Id, ["fingerprint"] = operation.Fingerprint, ["started"] = Time(operation.Started), ["hooksDone"] = Texts(operation.HooksDone) });
        }

        if (inventory.History.Count > 0)
        {
            data["history"] = JsonWriter.ToText(new ListNode(inventory.History.Select(Write)));
        }

        if (inventory.Hold is { } hold)
        {
            data["hold"] = JsonWriter.ToText(new MapNode { ["from"] = hold.From, ["rolledBackTo"] = hold.RolledBackTo is { } id ? id : Node.Null, ["reason"] = hold.Reason, ["halt"] = hold.IsHalt });
        }

        WriteHooks(inventory, data);
        if (inventory.Confirmed is { } confirmed)
        {
            data["confirmed"] = Time(confirmed);
        }

        if (inventory.Failure.Length > 0)
        {
            data["failure"] = inventory.Failure;
        }

        WriteHolders(inventory, data);
        if (inventory.Answer is { } answer)
        {
            data["answer"] = JsonWriter.ToText(new MapNode { ["id"] = answer.Id, ["done"] = answer.Done, ["succeeded"] = answer.Succeeded, ["message"] = answer.Message });
        }

        return data;
    }

    /// <summary>Hooks as the data of a Secret.</summary>
    public static MapNode WriteHooks(IReadOnlyList<MapNode> hooks) => new() { ["hooks"] = Convert.ToBase64String(JsonWriter.ToBytes(new ListNode(hooks))) };

    public static IReadOnlyList<MapNode> ReadHooks(MapNode? stored)
    {
        try
        {
            return stored?.At("data", "hooks")?.AsString() is { Length: > 0 } text ? [.. Items(JsonReader.Read(Convert.FromBase64String(text))).OfType<MapNode>()] : [];
        }
        catch (Exception edited) when (edited is FormatException or JsonException)
        {
            return [];
        }
    }

    private static void WriteHooks(Inventory inventory, MapNode data)
    {
        if (inventory.DeleteHooks.Count > 0)
        {
            data["deleteHooks"] = JsonWriter.ToText(new ListNode(inventory.DeleteHooks));
        }

        if (inventory.HasSecretHooks)
        {
            data["secretHooks"] = "true";
        }

        if (inventory.HookKinds.Count > 0)
        {
            data["hookKinds"] = JsonWriter.ToText(new ListNode(inventory.HookKinds.Select(Node (kind) => new ListNode([kind.ApiVersion, kind.Kind]))));
        }
    }

    /// <summary>Whose record it is, in whose name it was delivered, and from whom it came.</summary>
    private static void WriteHolders(Inventory inventory, MapNode data)
    {
        if (inventory.Home.Length > 0)
        {
            data["home"] = inventory.Home;
        }

        if (inventory.As.Length > 0)
        {
            data["as"] = inventory.As;
        }

        if (inventory.Claim is { } claim)
        {
            data["claim"] = JsonWriter.ToText(new MapNode { ["holder"] = claim.Holder, ["epoch"] = claim.Epoch });
        }

        if (inventory.TakenOver.Count > 0)
        {
            data["takenOver"] = JsonWriter.ToText(Write(inventory.TakenOver));
        }
    }

    public static Node Write(OperatorRequest request) => JsonWriter.ToText(new MapNode
    {
        ["id"] = request.Id,
        ["verb"] = request.Verb,
        ["argument"] = request.Argument,
        ["by"] = request.By,
        ["at"] = Time(request.At),
    });

    private static Node Write(DeliveredRevision delivery) => new MapNode
    {
        ["id"] = delivery.Id,
        ["fingerprint"] = delivery.Fingerprint,
        ["at"] = Time(delivery.At),
        ["sources"] = Write(delivery.Sources),
        ["cause"] = delivery.Cause,
    };

    private static ListNode Write(IEnumerable<SourcePin> sources) => new(sources.Select(Node (source) => new MapNode { ["url"] = source.Url, ["revision"] = source.Revision }));

    private static SourcePin ReadPin(Node source) => new(Text(source["url"]), Text(source["revision"]));

    private static InventoryEntry[] ReadEntries(Node? entries) => [.. Items(entries).OfType<ListNode>()
        .Where(parts => parts.Count == 4)
        .Select(parts => new InventoryEntry(ResourceKind.Of(Text(parts[0]), Text(parts[1])), Text(parts[2]), Text(parts[3])))];

    private static DeliveredRevision ReadDelivery(Node delivery) => new(
        (int)(delivery["id"]?.AsInteger() ?? 0),
        Text(delivery["fingerprint"]),
        Time(Text(delivery["at"])),
        [.. Items(delivery["sources"]).Select(ReadPin)],
        Text(delivery["cause"]));

    private static SyncOperation? ReadOperation(Node? operation) => operation is MapNode
        ? new SyncOperation(Text(operation["id"]), Text(operation["fingerprint"]), Time(Text(operation["started"])), [.. Items(operation["hooksDone"]).Select(Text)])
        : null;

    private static Node? Parse(Node? text)
    {
        try
        {
            return text?.AsString() is { Length: > 0 } json ? JsonReader.Read(json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<Node> Items(Node? list) => list as ListNode ?? (IEnumerable<Node>)[];

    private static ListNode Texts(IEnumerable<string> texts) => new(texts.Select(Node (text) => text));

    private static string Text(Node? node) => node?.AsString() ?? string.Empty;

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : DateTimeOffset.UnixEpoch;
}
