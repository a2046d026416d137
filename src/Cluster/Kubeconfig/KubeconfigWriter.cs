using System.Text;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Cluster.Kubeconfig;

/// <summary>Puts a cluster, a user and a context of one name into a kubeconfig, beside whatever it holds; the file is replaced whole, readable by its owner only.</summary>
public static class KubeconfigWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Abandoned = TimeSpan.FromSeconds(3);

    /// <summary>Adds or replaces the three entries called <see cref="ClusterConnection.Name"/>; the file is made when there is none.</summary>
    public static Task WriteAsync(string file, ClusterConnection connection, bool makeCurrent, TimeProvider time, CancellationToken cancellationToken) =>
        ChangeAsync(file, time, document =>
        {
            Put(document, "clusters", connection.Name, "cluster", Cluster(connection));
            Put(document, "users", connection.Name, "user", User(connection));
            Put(document, "contexts", connection.Name, "context", Context(connection));
            if (makeCurrent || string.IsNullOrEmpty(document["current-context"]?.AsString()))
            {
                document["current-context"] = connection.Name;
            }
        }, cancellationToken);

    /// <summary>Removes the three entries of a name; a file or entry that is not there is fine.</summary>
    public static Task RemoveAsync(string file, string name, TimeProvider time, CancellationToken cancellationToken) =>
        !File.Exists(file) ? Task.CompletedTask : ChangeAsync(file, time, document =>
        {
            foreach (string list in (string[])["clusters", "users", "contexts"])
            {
                document[list]?.AsList()?.RemoveAll(item => item["name"]?.AsString() == name);
            }

            if (document["current-context"]?.AsString() == name)
            {
                document["current-context"] = string.Empty;
            }
        }, cancellationToken);

    private static async Task ChangeAsync(string file, TimeProvider time, Action<MapNode> change, CancellationToken cancellationToken)
    {
        try
        {
            // A linked kubeconfig stays a link.
            string target = (File.Exists(file) ? File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await using FileStream held = await LockAsync(target + ".lock", time, cancellationToken).ConfigureAwait(false);
            MapNode document = File.Exists(target) ? KubeContexts.ReadDocument(target) : new MapNode();
            document["apiVersion"] = "v1";
            document["kind"] = "Config";
            change(document);
            Replace(target, YamlWriter.ToText(document));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException($"{file}: cannot be written: {error.Message}", reason: KubeContexts.Invalid, inner: error);
        }
    }

    /// <summary>
    /// The lock that kubectl takes: a file beside the kubeconfig that must not exist. Whoever was killed while he held it leaves it
    /// behind; a change takes milliseconds, so one that is seconds old is nobody's any more.
    /// </summary>
    private static async Task<FileStream> LockAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException error) when (error is not DirectoryNotFoundException && time.GetElapsedTime(began) < Patience)
            {
                if (File.Exists(path) && time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path) > Abandoned)
                {
                    File.Delete(path);
                    continue;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static void Replace(string target, string text)
    {
        string temporary = $"{target}.{Environment.ProcessId}.tmp";
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream stream = new(temporary, options))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static void Put(MapNode document, string list, string name, string member, MapNode value)
    {
        if (document[list] is not ListNode entries)
        {
            document[list] = entries = new ListNode();
        }

        MapNode entry = new() { ["name"] = name, [member] = value };
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i]["name"]?.AsString() == name)
            {
                entries[i] = entry;
                return;
            }
        }

        entries.Add(entry);
    }

    private static MapNode Cluster(ClusterConnection connection)
    {
        MapNode cluster = new() { ["server"] = connection.Server.ToString().TrimEnd('/') };
        SetData(cluster, "certificate-authority-data", connection.CertificateAuthority);
        SetText(cluster, "tls-server-name", connection.TlsServerName);
        SetText(cluster, "proxy-url", connection.Proxy?.ToString());
        if (connection.SkipTlsVerify)
        {
            cluster["insecure-skip-tls-verify"] = true;
        }

        return cluster;
    }

    private static MapNode User(ClusterConnection connection)
    {
        MapNode user = new();
        SetData(user, "client-certificate-data", connection.ClientCertificate);
        SetData(user, "client-key-data", connection.ClientKey);
        SetText(user, "token", connection.Token);
        SetText(user, "tokenFile", connection.TokenFile);
        SetText(user, "username", connection.Username);
        SetText(user, "password", connection.Password);
        return user;
    }

    private static MapNode Context(ClusterConnection connection)
    {
        MapNode context = new() { ["cluster"] = connection.Name, ["user"] = connection.Name };
        SetText(context, "namespace", connection.Namespace.Length == 0 ? null : connection.Namespace);
        return context;
    }

    private static void SetData(MapNode map, string key, string? text) =>
        SetText(map, key, text is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));

    private static void SetText(MapNode map, string key, string? text)
    {
        if (text is not null)
        {
            map[key] = text;
        }
    }
}
