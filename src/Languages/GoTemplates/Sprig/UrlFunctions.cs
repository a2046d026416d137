using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>URLs taken apart and put together.</summary>
internal static class UrlFunctions
{
    public static FunctionList All() => new()
    {
        { "urlParse", call => UrlParse(call.Text(0)), Text },
        { "urlJoin", call => UrlJoin(call.Map(0) ?? []), Map },
        { "getHostByName", GetHostByName, Text },
    };

    private static MapNode UrlParse(string text)
    {
        GoUrlParts url;
        try
        {
            url = GoUrlParts.Parse(text);
        }
        catch (GoError error)
        {
            throw new GoError($"unable to parse url: parse {GoText.Quote(text)}: {error.Message}", error);
        }

        return new MapNode
        {
            ["scheme"] = url.Scheme,
            ["host"] = url.Host,
            ["hostname"] = url.Hostname,
            ["path"] = url.Path,
            ["query"] = url.Query,
            ["opaque"] = url.Opaque,
            ["fragment"] = url.Fragment,
            ["userinfo"] = url.UserInfo ?? string.Empty,
        };
    }

    private static string UrlJoin(MapNode parts)
    {
        string userInfo = Part(parts, "userinfo");
        GoUrlParts url = new()
        {
            Scheme = Part(parts, "scheme"),
            Host = Part(parts, "host"),
            Path = Part(parts, "path"),
            Query = Part(parts, "query"),
            Opaque = Part(parts, "opaque"),
            Fragment = Part(parts, "fragment"),
        };
        if (userInfo.Length > 0)
        {
            try
            {
                url = url with { UserInfo = GoUrlParts.Parse($"proto://{userInfo}@host").UserInfo };
            }
            catch (GoError error)
            {
                throw new GoError($"unable to parse userinfo in dict: parse {GoText.Quote($"proto://{userInfo}@host")}: {error.Message}", error);
            }
        }

        return url.ToString();
    }

    private static string Part(MapNode parts, string key)
    {
        Node value = parts[key] ?? StringNode.Empty;
        return value is StringNode text
            ? text.Value
            : throw new GoError($"unable to parse {key} key, must be of type string, but {ValueFunctions.KindOf(value)} found");
    }

    private static Node GetHostByName(FunctionCall call)
    {
        if (!call.Run.Limits.AllowNetwork)
        {
            return StringNode.Empty;
        }

        try
        {
            System.Net.IPAddress[] addresses = System.Net.Dns.GetHostAddresses(call.Text(0));
            return addresses.Length == 0 ? string.Empty : addresses[RandomFunctions.Next(call.Run, addresses.Length)].ToString();
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Sprig drops the error as well.
            return StringNode.Empty;
        }
    }
}
