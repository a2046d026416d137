using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Generating;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>Built-in generators that <c>generators</c> configures as objects of apiVersion <c>builtin</c>.</summary>
internal static class GeneratorPlugins
{
    /// <exception cref="RenderException">An unknown plugin, or a configuration it cannot work with.</exception>
    public static IReadOnlyList<BuildObject> Run(PluginContext context, BuildObject config)
    {
        DeclaredMap map = PluginContext.Builtin(config);
        return config.KindName switch
        {
            "ConfigMapGenerator" => [DataGenerator.ConfigMap(Named(SpecReader.ConfigMap(map), config), context.Loader)],
            "SecretGenerator" => [DataGenerator.Secret(Named(SpecReader.Secret(map), config), context.Loader)],
            "HelmChartInflationGenerator" => Inflate(context, map),
            "IAMPolicyGenerator" => [IamPolicy(map)],
            _ => throw PluginContext.Refused(config, "is not a built-in generator; external plugins are disabled"),
        };
    }

    private static GeneratorSpec Named(GeneratorSpec spec, BuildObject config) => spec with
    {
        Name = spec.Name.Length == 0 ? config.Name : spec.Name,
        Namespace = spec.Namespace.Length == 0 ? config.Namespace : spec.Namespace,
    };

    private static IReadOnlyList<BuildObject> Inflate(PluginContext context, DeclaredMap map)
    {
        HelmChartSpec chart = SpecReader.HelmChart(map);
        HelmGlobalsSpec globals = SpecReader.HelmGlobals(map);
        if (map.Has("chartName"))
        {
            (chart, globals) = SpecReader.HelmInflation(map);
        }

        return new ChartInflator(context.Session, context.Loader, globals).Inflate(chart);
    }

    /// <summary>A service account that stands for one of the cloud's own (GKE workload identity).</summary>
    private static BuildObject IamPolicy(DeclaredMap map)
    {
        (string name, string ns) = (string.Empty, string.Empty);
        map.Struct<object>("kubernetesService", service => (name, ns) = (service.Text("name"), service.Text("namespace")));
        (string account, string project) = (string.Empty, string.Empty);
        map.Struct<object>("serviceAccount", service => (account, project) = (service.Text("name"), service.Text("projectId")));
        if (map.Text("cloud") != "gke")
        {
            throw new RenderException($"cloud provider {map.Text("cloud")} not supported yet");
        }

        MapNode metadata = new()
        {
            ["annotations"] = new MapNode { ["iam.gke.io/gcp-service-account"] = $"{account}@{project}.iam.gserviceaccount.com" },
            ["name"] = name,
        };
        if (ns.Length > 0)
        {
            metadata["namespace"] = ns;
        }

        return new BuildObject(new MapNode { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = metadata });
    }
}
