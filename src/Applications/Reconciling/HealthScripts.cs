using Bowline.Delivery.Health;
using Bowline.Delivery.Live;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Reconciling;

/// <summary>
/// The scripts of <c>argocd-cm</c> as they are now: the ConfigMap in the cluster goes before the one in the repository, and a change
/// of either counts at once.
/// </summary>
public sealed class HealthScripts : IDisposable
{
    private readonly LiveState live;
    private readonly ResourceId config;
    private readonly TimeProvider time;
    private readonly Interest interest;
    private volatile Taken taken;
    private MapNode? declared;
    private Action<string> complain = _ => { };

    /// <param name="live">Has to watch ConfigMaps.</param>
    /// <param name="config">The ConfigMap in the cluster.</param>
    public HealthScripts(LiveState live, ResourceId config, TimeProvider time)
    {
        this.live = live;
        this.config = config;
        this.time = time;
        taken = new Taken(null, ResourceCustomizations.Read([], time));
        interest = live.Subscribe(_ => Changed?.Invoke());
        interest.Follow([config]);
    }

    /// <summary>Everything that was judged by the scripts has to be looked at again.</summary>
    public event Action? Changed;

    public ResourceCustomizations Current
    {
        get
        {
            MapNode? said = live.Get(config) ?? declared;
            Taken known = taken;
            return ReferenceEquals(known.From, said) ? known.Scripts : (taken = Read(said)).Scripts;
        }
    }

    /// <param name="repositorys">The argocd-cm of the repository; null when it has none.</param>
    /// <param name="problems">Told of an argocd-cm that cannot be read, once each.</param>
    public void Use(MapNode? repositorys, Action<string> problems)
    {
        complain = problems;
        if (repositorys is null ? declared is not null : declared?.DeepEquals(repositorys) != true)
        {
            declared = repositorys;
            Changed?.Invoke();
        }
    }

    public void Dispose() => interest.Dispose();

    private Taken Read(MapNode? said)
    {
        try
        {
            return new Taken(said, ResourceCustomizations.Read(said?["data"] as MapNode ?? [], time));
        }
        catch (YamlException broken)
        {
            complain($"{config.Name}: its resource.customizations cannot be read, so none of them counts: {broken.Message}");
            return new Taken(said, ResourceCustomizations.Read([], time));
        }
    }

    private sealed record Taken(MapNode? From, ResourceCustomizations Scripts);
}
