using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>The parameters that the git generator makes of a path: <c>path</c>, <c>path.basename</c>, <c>path.segments</c>, <c>path[0]</c>, …</summary>
internal static class PathParameters
{
    /// <param name="folder">Relative to the repository's root.</param>
    /// <param name="file">The file's name, when the element is a file.</param>
    /// <param name="prefix">What the parameters' names begin with, so that two generators of a matrix do not collide (<c>pathParamPrefix</c>).</param>
    public static void Add(MapNode parameters, string folder, string? file, string prefix, bool structured)
    {
        string shown = folder.Length == 0 ? "." : folder;
        string baseName = shown[(shown.LastIndexOf('/') + 1)..];
        if (structured)
        {
            MapNode path = new() { ["path"] = shown, ["basename"] = baseName, ["basenameNormalized"] = Naming.Normalize(baseName), ["segments"] = GoSlice.Strings(shown.Split('/')) };
            if (file is not null)
            {
                path.Set("filename", file);
                path.Set("filenameNormalized", Naming.Normalize(file));
            }

            parameters.Set(prefix.Length > 0 ? prefix : "path", prefix.Length > 0 ? new MapNode { ["path"] = path } : path);
            return;
        }

        string name = prefix.Length > 0 ? $"{prefix}.path" : "path";
        parameters.Set(name, shown);
        parameters.Set($"{name}.basename", baseName);
        parameters.Set($"{name}.basenameNormalized", Naming.Normalize(baseName));
        if (file is not null)
        {
            parameters.Set($"{name}.filename", file);
            parameters.Set($"{name}.filenameNormalized", Naming.Normalize(file));
        }

        string[] segments = shown.Split('/');
        for (int i = 0; i < segments.Length; i++)
        {
            parameters.Set($"{name}[{i}]", segments[i]);
        }
    }
}
