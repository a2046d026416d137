using System.Text;

namespace Bowline.Applications.Sharding;

/// <summary>
/// Rendezvous hashing (highest random weight): every replica works out alone, and alike, who delivers an application. When a
/// replica comes or goes only what it gets or had moves.
/// </summary>
internal static class Rendezvous
{
    /// <summary>The replica whose weight for the name is highest; null when there are none.</summary>
    public static string? OwnerOf(string name, IReadOnlyList<string> replicas)
    {
        string? owner = null;
        ulong highest = 0;
        foreach (string replica in replicas)
        {
            ulong weight = Weight(replica, name);
            if (owner is null || weight > highest || (weight == highest && string.CompareOrdinal(replica, owner) < 0))
            {
                (owner, highest) = (replica, weight);
            }
        }

        return owner;
    }

    /// <summary>FNV-1a over both names, then MurmurHash3's finalizer: names that differ in one digit must weigh nothing alike.</summary>
    private static ulong Weight(string replica, string name)
    {
        ulong hash = Mix(Mix(14695981039346656037, replica) * 1099511628211, name);
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }

    private static ulong Mix(ulong hash, string text)
    {
        Span<byte> bytes = stackalloc byte[256];
        int written = Encoding.UTF8.TryGetBytes(text, bytes, out int fitting) ? fitting : -1;
        foreach (byte octet in written >= 0 ? bytes[..written] : Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ octet) * 1099511628211;
        }

        return hash;
    }
}
