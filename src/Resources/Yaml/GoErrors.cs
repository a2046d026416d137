namespace Bowline.Resources.Yaml;

/// <summary>
/// How go-yaml words an error. Its lines count from 0 until they are printed, where 0 means that it knows none; v2 prints the line of the
/// problem, v3 the line where the construct around it starts; and only its scanner adds the one that is missing.
/// </summary>
internal static class GoErrors
{
    public static string Scanning(YamlDialect dialect, int contextLine, int problemLine, string reason)
    {
        int line = Known(dialect, contextLine, problemLine);
        return Print(line > 0 ? line + 1 : 0, reason);
    }

    public static string Parsing(YamlDialect dialect, int contextLine, int problemLine, string reason) =>
        Print(Known(dialect, contextLine, problemLine), reason);

    /// <summary>A key that appears twice; lines count from 1.</summary>
    public static string Duplicate(YamlDialect dialect, string key, int firstLine, int keyLine, int valueLine) =>
        dialect == YamlDialect.Yaml12
            ? $"yaml: unmarshal errors:\n  line {keyLine}: mapping key \"{key}\" already defined at line {firstLine}"
            : $"yaml: unmarshal errors:\n  line {valueLine}: key \"{key}\" already set in map";

    private static int Known(YamlDialect dialect, int contextLine, int problemLine) => dialect switch
    {
        YamlDialect.Yaml12 => contextLine > 0 ? contextLine : problemLine,
        _ => problemLine > 0 ? problemLine : contextLine,
    };

    private static string Print(int line, string reason) => line > 0 ? $"yaml: line {line}: {reason}" : $"yaml: {reason}";
}
