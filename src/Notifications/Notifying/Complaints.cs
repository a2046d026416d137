namespace Bowline.Notifications.Notifying;

/// <summary>Says each thing once, however many applications it concerns, until it has become good in between.</summary>
internal sealed class Complaints(Action<string> note)
{
    private const int Most = 1000;
    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<string>> said = new(StringComparer.Ordinal);

    /// <param name="subject">What <see cref="Settle"/> names when all is well again.</param>
    public void Say(string subject, string reason, string sentence)
    {
        lock (gate)
        {
            if (said.Count >= Most)
            {
                said.Clear();
            }

            if (!said.TryGetValue(subject, out HashSet<string>? reasons))
            {
                said[subject] = reasons = new HashSet<string>(StringComparer.Ordinal);
            }

            if (reasons.Count >= Most || !reasons.Add(reason))
            {
                return;
            }
        }

        note(sentence);
    }

    /// <summary>Everything may be said again.</summary>
    public void Clear()
    {
        lock (gate)
        {
            said.Clear();
        }
    }

    public void Settle(string subject)
    {
        lock (gate)
        {
            said.Remove(subject);
        }
    }
}
