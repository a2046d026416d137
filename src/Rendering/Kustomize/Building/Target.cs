using System.Runtime.CompilerServices;
using Bowline.Rendering.Kustomize.Declared;
using Bowline.Rendering.Kustomize.Files;
using Bowline.Rendering.Kustomize.Merging;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>One kustomization directory: loads what it builds upon, generates, takes components in, transforms and validates.</summary>
internal sealed partial class Target
{
    private static readonly string[] FileNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    private readonly BuildSession session;
    private readonly DirectoryLoader loader;
    private readonly Provenance origin;

    private Target(BuildSession session, DirectoryLoader loader, Kustomization kustomization, Provenance origin)
    {
        this.session = session;
        this.loader = loader;
        this.origin = origin;
        Kustomization = kustomization;
    }

    public Kustomization Kustomization { get; }

    /// <param name="origin">How the directory is reached from the one that is built, for origin annotations.</param>
    /// <exception cref="RenderException">No kustomization file, several, or a bad one.</exception>
    public static Target Load(BuildSession session, DirectoryLoader loader, Provenance origin)
    {
        string[] found = [.. FileNames.Where(loader.IsFile)];
        if (found.Length != 1)
        {
            throw new RenderException(
                found.Length == 0
                    ? $"unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{loader.Printable}'{(loader.MayBeSubmodule ? "; the repository has submodules, and submodules=false of the URL leaves them out" : string.Empty)}"
                    : $"Found multiple kustomization files under: {loader.Printable} ({string.Join(", ", found)})",
                loader.Root.Length == 0 ? "." : loader.Root);
        }

        byte[] content = loader.Read(found[0], out string file);
        Kustomization kustomization = KustomizationReader.Read(content, file);
        session.Warnings.AddRange(kustomization.Warnings);
        session.UseSchema(kustomization.OpenApi, loader, file);
        return new Target(session, loader, kustomization, origin with { ConfiguredIn = found[0] });
    }

    /// <summary>Builds upon what is accumulated already, which is nothing except for components.</summary>
    public Accumulator Accumulate(Accumulator into)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return Named(() =>
        {
            into = AccumulateResources(into, Kustomization.Resources);
            into.MergeRules(RuleReader.Configurations(Kustomization.Configurations, loader));
            into.MergeRules(RuleReader.Crds(Kustomization.Crds, loader));
            Generate(into);
            into = AccumulateComponents(into);
            Transform(into);
            Validate(into);
            into.MergeVariables(Kustomization.Variables);
            return into;
        });
    }

    private Accumulator AccumulateResources(Accumulator into, IReadOnlyList<string> paths)
    {
        foreach (string path in paths)
        {
            session.Files.Cancellation.ThrowIfCancellationRequested();
            if (RemoteReference.IsFile(path) || (path.Length > 0 && RemoteReference.Parse(path) is null && loader.IsFile(path)))
            {
                AccumulateFile(into, path);
                continue;
            }

            Accumulator below = new(session);
            Target base_ = Enter(path, isComponent: false);
            into.Merge(base_.Accumulate(below));
        }

        return into;
    }

    private void AccumulateFile(Accumulator into, string path)
    {
        byte[] content = loader.Read(path, out string file);
        List<BuildObject> objects = ObjectReader.Read(content, file, session.Files.Parsed);
        foreach (BuildObject item in objects)
        {
            Provenance source = Reached(path) with { File = file, Line = item.Source?.Line ?? 0 };
            item.Source = source;
            item.OriginText = session.TracksOrigins ? source.Text : null;
        }

        session.IsSchemaRead |= objects.Exists(item => !KindTable.BuiltIn.Knows(item.Kind));
        into.Objects.AppendAll(objects);
    }

    private Accumulator AccumulateComponents(Accumulator into)
    {
        foreach (string path in Kustomization.Components)
        {
            into = Enter(path, isComponent: true).Accumulate(into);
            into.Objects.RequireDistinct();
        }

        return into;
    }

    private Target Enter(string path, bool isComponent)
    {
        DirectoryLoader below = loader.Enter(path);
        Target target = Load(session, below, Reached(path));
        bool declaredComponent = target.Kustomization.Kind == Kustomization.ComponentKind;
        return declaredComponent == isComponent
            ? target
            : throw new RenderException(
                isComponent
                    ? $"expected kind 'Component' for path '{below.Printable}' but got 'Kustomization'"
                    : $"expected kind != 'Component' for path '{below.Printable}'",
                target.Kustomization.File);
    }

    /// <summary>Where a path of this kustomization leads, seen from the directory that is built.</summary>
    private Provenance Reached(string path)
    {
        if (RemoteReference.IsFile(path))
        {
            return new Provenance { Path = RemoteReference.WithoutSecrets(path) };
        }

        if (RemoteReference.Parse(path) is { } remote)
        {
            return new Provenance { Path = remote.Path, Repository = remote.Repository, Revision = remote.Source.Revision };
        }

        return new Provenance { Path = Joined(origin.Path, path), Repository = origin.Repository, Revision = origin.Revision };
    }

    private static string Joined(string left, string right)
    {
        List<string> parts = [];
        foreach (string part in $"{left}/{right}".Split('/'))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    /// <summary>Gives errors that know no file the kustomization's.</summary>
    private T Named<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (RenderException error) when (error.File.Length == 0)
        {
            throw new RenderException(error.Reason, Kustomization.File, inner: error);
        }
        catch (InsufficientExecutionStackException error)
        {
            throw new RenderException("bases are nested too deeply", Kustomization.File, inner: error);
        }
    }
}
