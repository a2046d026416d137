using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Pods;

/// <summary>What is wrong with a request for a log or a stream before a kubelet would be asked.</summary>
internal static class PodLogChecks
{
    /// <summary>Why a container cannot be told; null when it can.</summary>
    public static ApiException? ContainerProblem(MapNode pod, string name, ApiRequest request)
    {
        string container = request.Parameter("container");
        string[] names = [.. ((string[])["initContainers", "containers", "ephemeralContainers"]).SelectMany(list => pod.At("spec", list)?.AsList() ?? []).Select(item => item["name"]?.AsString() ?? string.Empty)];
        if (container.Length > 0)
        {
            return names.Contains(container) ? null : ApiErrors.BadRequest($"container {container} is not valid for pod {name}");
        }

        string[] own = [.. (pod.At("spec", "containers")?.AsList() ?? []).Select(item => item["name"]?.AsString() ?? string.Empty)];
        bool chosen = own.Contains(pod.At("metadata", "annotations", "kubectl.kubernetes.io/default-container")?.AsString());
        return own.Length < 2 || chosen ? null : ApiErrors.BadRequest($"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', own)}]{InitContainers(pod)}");
    }

    private static string InitContainers(MapNode pod)
    {
        string[] names = [.. (pod.At("spec", "initContainers")?.AsList() ?? []).Select(item => item["name"]?.AsString() ?? string.Empty)];
        return names.Length == 0 ? string.Empty : $" or one of the init containers: [{string.Join(' ', names)}]";
    }

    public static void CheckOptions(string name, ApiRequest request)
    {
        List<FieldError> errors = [];
        foreach ((string option, long least) in ((string, long)[])[("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)])
        {
            if (request.Parameter(option) is { Length: > 0 } text && long.TryParse(text, out long number) && number < least)
            {
                errors.Add(FieldError.Invalid(option, number, least == 0 ? "must be greater than or equal to 0" : "must be greater than 0"));
            }
        }

        if (request.Parameter("sinceSeconds").Length > 0 && request.Parameter("sinceTime").Length > 0)
        {
            errors.Add(FieldError.Forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        }

        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(string.Empty, "PodLogOptions", name, errors);
        }
    }
}
