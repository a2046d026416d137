using System.Net.Mail;
using System.Text;
using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

/// <summary>
/// <c>service.email</c>: one mail to the recipient, or to several between commas
/// (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/email/).
/// </summary>
internal sealed class EmailService : INotificationService
{
    private readonly SmtpOptions smtp;
    private readonly MailAddress from;
    private readonly bool isHtml;
    private readonly TimeProvider time;

    public EmailService(ServiceOptions options, TimeProvider time)
    {
        this.time = time;
        smtp = new SmtpOptions(options.Required("host"), options.Integer("port", 25))
        {
            Username = options.Text("username"),
            Password = options.Text("password"),
            SkipsVerification = options.Flag("insecure_skip_verify"),
            Dial = options.Dial,
        };
        from = Address("from", options.Required("from"));
        isHtml = options.Flag("html");
    }

    public async Task SendAsync(Notification notification, Destination destination, CancellationToken cancellationToken)
    {
        MailAddress[] to = [.. destination.Recipient.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => Address("recipient", text))];
        if (to.Length == 0)
        {
            throw new NotificationException("email: the recipient is empty");
        }

        string body = notification.Text("email", "body") is { Length: > 0 } own ? own : notification.Message;
        string mail = Compose(to, notification.Text("email", "subject"), body);
        await new SmtpClient(smtp, time).SendAsync(from.Address, [.. to.Select(address => address.Address)], mail, cancellationToken).ConfigureAwait(false);
    }

    private string Compose(MailAddress[] to, string subject, string body)
    {
        string mime = isHtml ? "text/html" : "text/plain";
        string date = time.GetUtcNow().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", System.Globalization.CultureInfo.InvariantCulture);
        return $"From: {Header(from)}\r\n"
            + $"To: {string.Join(",\r\n ", to.Select(Header))}\r\n"
            + $"Subject: {Encoded(subject)}\r\n"
            + $"Date: {date}\r\n"
            + "Mime-Version: 1.0\r\n"
            + $"Content-Type: {mime}; charset=UTF-8\r\n"
            + "Content-Transfer-Encoding: base64\r\n\r\n"
            + Convert.ToBase64String(Encoding.UTF8.GetBytes(body), Base64FormattingOptions.InsertLineBreaks) + "\r\n";
    }

    /// <exception cref="NotificationException">Not an address, or one that would say more than itself to the server.</exception>
    private static MailAddress Address(string what, string text) =>
        !text.Any(c => char.IsControl(c) || c > '~') && MailAddress.TryCreate(text, out MailAddress? address) && !address.Address.AsSpan().ContainsAny("<> \",;")
            ? address
            : throw new NotificationException($"email: {what} '{Answers.Shortened(text)}' is not a mail address");

    private static string Header(MailAddress address) => address.DisplayName.Length == 0 ? address.Address : $"{Encoded(address.DisplayName)} <{address.Address}>";

    /// <summary>RFC 2047: printable ASCII as it is, everything else in words of base64 of at most 75 characters.</summary>
    private static string Encoded(string text)
    {
        if (text.All(c => c is >= ' ' and <= '~') && text.Length <= 900 && !text.Contains("=?", StringComparison.Ordinal))
        {
            return text;
        }

        List<string> words = [];
        StringBuilder word = new();
        int bytes = 0;
        foreach (Rune rune in text.ReplaceLineEndings(" ").EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > 42)
            {
                words.Add(word.ToString());
                word.Clear();
                bytes = 0;
            }

            word.Append(rune);
            bytes += rune.Utf8SequenceLength;
        }

        words.Add(word.ToString());
        return string.Join("\r\n ", words.Select(part => $"=?UTF-8?b?{Convert.ToBase64String(Encoding.UTF8.GetBytes(part))}?="));
    }
}
