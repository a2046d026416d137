using System.Diagnostics;
using Bowline.Tests;

namespace Bowline.Cli.Tests;

/// <summary>A folder for one test: files to deliver, a home for the program, gone afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch()
    {
        Root = Directory.CreateTempSubdirectory("bowline-test-").FullName;
        Directory.CreateDirectory(Repository);
    }

    public string Root { get; }

    public string Home => Path.Combine(Root, "home");

    public string Repository => Path.Combine(Root, "repository");

    public Scratch Write(string path, string text)
    {
        string full = Path.Combine(Repository, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    /// <summary>Copies a repository of the corpus, so that a test may change it.</summary>
    public Scratch CopyCorpus(string name)
    {
        Copy(SharedFolder.Corpus(name), Repository);
        return this;
    }

    public Scratch WriteApplication(string name, string path, string extra = "", string @namespace = "") => Write($"apps/{name}.yaml", $"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          name: {name}
        spec:
          source:
            repoURL: https://example.com/repository.git
            path: {path}
        {extra}
          destination:
            server: https://kubernetes.default.svc
            namespace: {(@namespace.Length > 0 ? @namespace : name)}
          syncPolicy:
            automated: {"{prune: true, selfHeal: true}"}
            syncOptions: [CreateNamespace=true]
        """);

    public Scratch WriteConfigMap(string path, string name, string value = "x") =>
        Write(path, $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: \"{value}\"\n");

    public void Git(params string[] arguments)
    {
        ProcessStartInfo start = new("git", ["-C", Repository, "-c", "user.name=t", "-c", "user.email=t@example.com", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process git = Process.Start(start)!;
        git.StandardOutput.ReadToEnd();
        string errors = git.StandardError.ReadToEnd();
        git.WaitForExit();
        Assert.True(git.ExitCode == 0, errors);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
