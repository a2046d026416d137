using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Pods and pod templates.</summary>
internal static partial class PodDefaults
{
    public static void Pod(MapNode pod)
    {
        if (pod.Part("spec") is not { } spec)
        {
            return;
        }

        spec.Default("enableServiceLinks", true);
        Spec(spec);
        foreach (MapNode container in Containers(spec))
        {
            RequestsFromLimits(container);
        }
    }

    public static void Template(Node? template)
    {
        if (template.Part("spec") is { } spec)
        {
            Spec(spec);
        }
    }

    private static void Spec(MapNode spec)
    {
        spec.Default("restartPolicy", "Always").Default("terminationGracePeriodSeconds", 30).Default("dnsPolicy", "ClusterFirst")
            .Default("securityContext", new MapNode()).Default("schedulerName", "default-scheduler");
        ServiceAccount(spec);
        foreach (MapNode container in Containers(spec))
        {
            Container(container, spec["hostNetwork"]?.AsBool() == true);
        }

        foreach (MapNode volume in spec.Each("volumes"))
        {
            Volume(volume);
        }
    }

    private static IEnumerable<MapNode> Containers(MapNode spec) => spec.Each("initContainers").Concat(spec.Each("containers")).Concat(spec.Each("ephemeralContainers"));

    private static void ServiceAccount(MapNode spec)
    {
        // The old name of the field is kept in step with the new one.
        if (spec["serviceAccountName"] is { } name)
        {
            spec["serviceAccount"] = name;
        }
        else if (spec["serviceAccount"] is { } old)
        {
            spec["serviceAccountName"] = old;
        }
    }

    private static void Container(MapNode container, bool hostNetwork)
    {
        container.Default("terminationMessagePath", "/dev/termination-log").Default("terminationMessagePolicy", "File").Default("resources", new MapNode());
        container.Default("imagePullPolicy", IsLatest(container["image"]?.AsString() ?? string.Empty) ? "Always" : "IfNotPresent");
        foreach (MapNode port in container.Each("ports"))
        {
            port.Default("protocol", "TCP");
            if (hostNetwork && port["containerPort"] is { } number)
            {
                port.Default("hostPort", number);
            }
        }

        foreach (string probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            Probe(container.Part(probe));
        }

        HttpGet(container.Part("lifecycle").Part("postStart").Part("httpGet"));
        HttpGet(container.Part("lifecycle").Part("preStop").Part("httpGet"));
        foreach (MapNode variable in container.Each("env"))
        {
            variable.Part("valueFrom").Part("fieldRef")?.Default("apiVersion", "v1");
            variable.Part("valueFrom").Part("resourceFieldRef")?.Default("divisor", "0");
        }
    }

    private static bool IsLatest(string image)
    {
        Match parts = ImagePattern().Match(image);
        return parts.Success && parts.Groups["tag"] switch
        {
            { Success: true, Value: var tag } => tag == "latest",
            _ => !parts.Groups["digest"].Success,
        };
    }

    /// <summary>A reference of distribution's grammar; what is none has no tag.</summary>
    [GeneratedRegex(@"^((?=[^/]*[.:A-Z]|localhost/)[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]+)?/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(:(?<tag>\w[\w.-]{0,127}))?(@(?<digest>[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ImagePattern();

    private static void Probe(MapNode? probe)
    {
        if (probe is null)
        {
            return;
        }

        probe.Default("timeoutSeconds", 1).Default("periodSeconds", 10).Default("successThreshold", 1).Default("failureThreshold", 3);
        HttpGet(probe.Part("httpGet"));
        probe.Part("grpc")?.Default("service", string.Empty);
    }

    private static void HttpGet(MapNode? action) => action?.Default("path", "/").Default("scheme", "HTTP");

    private static void RequestsFromLimits(MapNode container)
    {
        if (container.Part("resources").Part("limits") is not { Count: > 0 } limits)
        {
            return;
        }

        MapNode requests = container.EnsureMap("resources").EnsureMap("requests");
        foreach ((string resource, Node amount) in limits)
        {
            requests.Default(resource, amount);
        }
    }

    private static void Volume(MapNode volume)
    {
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new MapNode();
        }

        foreach (string source in (ReadOnlySpan<string>)["secret", "configMap", "downwardAPI", "projected"])
        {
            volume.Part(source)?.Default("defaultMode", 420);
        }

        volume.Part("hostPath")?.Default("type", string.Empty);
        volume.Part("iscsi")?.Default("iscsiInterface", "default");
        volume.Part("rbd")?.Default("pool", "rbd").Default("user", "admin").Default("keyring", "/etc/ceph/keyring");
        volume.Part("azureDisk")?.Default("cachingMode", "ReadWrite").Default("kind", "Shared").Default("fsType", "ext4").Default("readOnly", false);
        volume.Part("scaleIO")?.Default("storageMode", "ThinProvisioned").Default("fsType", "xfs");
        volume.Part("ephemeral").Part("volumeClaimTemplate").Part("spec")?.Default("volumeMode", "Filesystem");
        FieldItems(volume.Part("downwardAPI"));
        foreach (MapNode source in volume.Part("projected").Each("sources"))
        {
            source.Part("serviceAccountToken")?.Default("expirationSeconds", 3600);
            FieldItems(source.Part("downwardAPI"));
        }
    }

    private static void FieldItems(MapNode? source)
    {
        foreach (MapNode item in source.Each("items"))
        {
            item.Part("fieldRef")?.Default("apiVersion", "v1");
            item.Part("resourceFieldRef")?.Default("divisor", "0");
        }
    }
}
