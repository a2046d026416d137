namespace Bowline.Notifications.Model;

/// <summary>Whom to tell, and by which service; what the recipient is (a channel, an address, nothing) is the service's own business.</summary>
public readonly record struct Destination(string Service, string Recipient)
{
    /// <summary><c>service:recipient</c>; what follows a second colon is dropped, as Argo CD drops it.</summary>
    public static Destination Parse(string text)
    {
        string[] parts = text.Split(':');
        return new Destination(parts[0], parts.Length > 1 ? parts[1] : string.Empty);
    }

    public override string ToString() => Recipient.Length == 0 ? Service : $"{Service}:{Recipient}";
}

/// <summary>Whom to tell when each trigger fires; nobody twice.</summary>
public sealed class Destinations
{
    private readonly SortedDictionary<string, List<Destination>> byTrigger = new(StringComparer.Ordinal);

    public bool IsEmpty => byTrigger.Count == 0;

    public IEnumerable<KeyValuePair<string, List<Destination>>> ByTrigger => byTrigger;

    public void Add(string trigger, Destination destination)
    {
        if (!byTrigger.TryGetValue(trigger, out List<Destination>? all))
        {
            byTrigger[trigger] = all = [];
        }

        if (!all.Contains(destination))
        {
            all.Add(destination);
        }
    }
}
