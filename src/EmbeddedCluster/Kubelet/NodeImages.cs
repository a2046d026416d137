using System.Collections.Concurrent;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The images that a node has pulled. A program that starts anew finds its nodes without images, as new machines are.</summary>
internal sealed class NodeImages
{
    private const int Most = 4096;
    private readonly ConcurrentDictionary<string, byte> images = new(StringComparer.Ordinal);

    public bool Has(string image) => images.ContainsKey(image);

    public void Add(string image)
    {
        if (images.Count >= Most)
        {
            images.Clear();
        }

        images[image] = 0;
    }
}

/// <param name="Number">How often the pull has failed.</param>
internal readonly record struct PullAttempt(DateTimeOffset Since, int Number);

/// <summary>Pulls under way, by pod and container.</summary>
internal sealed class PullAttempts
{
    private readonly ConcurrentDictionary<(string Pod, string Container), PullAttempt> attempts = new();

    public bool TryFind((string Pod, string Container) key, out PullAttempt attempt) => attempts.TryGetValue(key, out attempt);

    public void Set((string Pod, string Container) key, PullAttempt attempt) => attempts[key] = attempt;

    public void Forget((string Pod, string Container) key) => attempts.TryRemove(key, out _);

    public void ForgetPod(string uid)
    {
        if (attempts.IsEmpty)
        {
            return;
        }

        foreach ((string Pod, string Container) key in attempts.Keys.Where(key => key.Pod == uid))
        {
            attempts.TryRemove(key, out _);
        }
    }
}
