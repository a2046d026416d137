using System.Text;

namespace Bowline.Notifications.Model;

/// <summary>
/// Takes secrets out of what is printed. Answers of servers, template errors and addresses may all repeat what the operator put
/// into <c>argocd-notifications-secret</c>.
/// </summary>
public sealed class Redactor
{
    private const int Shortest = 4;
    private readonly string[] secrets;

    public Redactor(IEnumerable<string> values) =>
        secrets = [.. values.SelectMany(Forms).Where(form => form.Length >= Shortest).Distinct().OrderByDescending(form => form.Length)];

    public string Clean(string text)
    {
        foreach (string secret in secrets)
        {
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>As it is, trimmed, line by line, in an address, in JSON and in base64.</summary>
    private static IEnumerable<string> Forms(string value)
    {
        string trimmed = value.Trim();
        return
        [
            value, trimmed, .. trimmed.Split('\n', StringSplitOptions.TrimEntries), Uri.EscapeDataString(trimmed),
            System.Text.Json.JsonEncodedText.Encode(trimmed).ToString(), Convert.ToBase64String(Encoding.UTF8.GetBytes(trimmed)),
        ];
    }
}
