using System.Globalization;
using System.Text;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

/// <summary>int(), uint(), double(), string(), bytes(), bool(), timestamp(), duration(), dyn(), type(), and the names of types.</summary>
internal static class Conversions
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static CelLibrary All()
    {
        CelLibrary library = new();
        AddNumbers(library);
        AddTexts(library);
        AddTimes(library);
        library.Add("bool(bool): bool", (_, a) => a[0]);
        library.Add("bool(string): bool", (_, a) => a.Text(0) switch
        {
            "true" or "True" or "TRUE" or "t" or "1" => BoolNode.True,
            "false" or "False" or "FALSE" or "f" or "0" => BoolNode.False,
            _ => Refused("string", "bool"),
        });
        library.Add("dyn(A): dyn", (_, a) => a[0]);
        library.Add("type(A): type<A>", (_, a) => new CelTypeValue(a[0] is CelTypeValue ? CelType.AnyType : CelValues.TypeOf(a[0])));
        foreach (CelType type in new[] { CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Bytes })
        {
            library.AddType(type.Name, type);
        }

        library.AddType("list", CelType.List(CelType.Dyn));
        library.AddType("map", CelType.Map(CelType.Dyn, CelType.Dyn));
        library.AddType("type", CelType.AnyType);
        library.AddType("null_type", CelType.Null);
        library.AddType("optional_type", CelType.Optional(CelType.Dyn));
        library.AddType("google.protobuf.Timestamp", CelType.Timestamp);
        library.AddType("google.protobuf.Duration", CelType.Duration);
        return library;
    }

    private static void AddNumbers(CelLibrary library)
    {
        library.Add("int(int): int", (_, a) => a[0]);
        library.Add("int(uint): int", (_, a) => ((CelUint)a[0]).Value <= long.MaxValue ? IntegerNode.Of((long)((CelUint)a[0]).Value) : Fail("integer overflow"));
        library.Add("int(double): int", (_, a) => ((FloatNode)a[0]).Value is > -TwoTo63 and < TwoTo63 and var value ? IntegerNode.Of((long)value) : Fail("integer overflow"));
        library.Add("int(string): int", (_, a) => long.TryParse(a.Text(0), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? IntegerNode.Of(value) : Refused("string", "int"));
        library.Add("int(timestamp): int", (_, a) => IntegerNode.Of(((CelTimestamp)a[0]).Seconds));
        library.Add("int(duration): int", (_, a) => IntegerNode.Of(((CelDuration)a[0]).Nanoseconds));
        library.Add("uint(uint): uint", (_, a) => a[0]);
        library.Add("uint(int): uint", (_, a) => a.Integer(0) >= 0 ? new CelUint((ulong)a.Integer(0)) : Fail("unsigned integer overflow"));
        library.Add("uint(double): uint", (_, a) => ((FloatNode)a[0]).Value is >= 0 and < TwoTo64 and var value ? new CelUint((ulong)value) : Fail("unsigned integer overflow"));
        library.Add("uint(string): uint", (_, a) => ulong.TryParse(a.Text(0), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? new CelUint(value) : Refused("string", "uint"));
        library.Add("double(double): double", (_, a) => a[0]);
        library.Add("double(int): double", (_, a) => new FloatNode(a.Integer(0)));
        library.Add("double(uint): double", (_, a) => new FloatNode(((CelUint)a[0]).Value));
        library.Add("double(string): double", (_, a) => ParseDouble(a.Text(0)) is { } value ? new FloatNode(value) : Refused("string", "double"));
    }

    private static void AddTexts(CelLibrary library)
    {
        library.Add("string(string): string", (_, a) => a[0]);
        library.Add("string(bytes): string", (run, a) =>
        {
            try
            {
                return run.Made(StrictUtf8.GetString(((CelBytes)a[0]).Value));
            }
            catch (DecoderFallbackException)
            {
                return Fail("invalid UTF-8 in bytes, cannot convert to string");
            }
        });
        library.Add("string(double): string", (_, a) => GoTemplates.Printing.GoFloat.Format(((FloatNode)a[0]).Value, 'g', -1));
        foreach (string type in new[] { "bool", "int", "uint", "timestamp", "duration" })
        {
            library.Add($"string({type}): string", (_, a) => a[0].ToString()!);
        }

        library.Add("bytes(bytes): bytes", (_, a) => a[0]);
        library.Add("bytes(string): bytes", (run, a) =>
        {
            run.Allocate(a.Text(0).Length * 3L);
            return new CelBytes(Encoding.UTF8.GetBytes(a.Text(0)));
        });
    }

    private static void AddTimes(CelLibrary library)
    {
        library.Add("timestamp(timestamp): timestamp", (_, a) => a[0]);
        library.Add("timestamp(int): timestamp", (_, a) => CelTimestamp.InRange(a.Integer(0)) ? new CelTimestamp(a.Integer(0), 0) : Fail("timestamp overflow"));
        library.Add("timestamp(string): timestamp", (_, a) => CelTimestamp.Parse(a.Text(0)) is { } time ? time : Refused("string", "google.protobuf.Timestamp"));
        library.Add("duration(duration): duration", (_, a) => a[0]);
        library.Add("duration(int): duration", (_, a) => new CelDuration(a.Integer(0)));
        library.Add("duration(string): duration", (run, a) => GoDuration.Parse(a.Text(0), out _) is { } nanos ? new CelDuration(nanos) : Refused("string", "google.protobuf.Duration"));
    }

    private static double? ParseDouble(string text) => text.TrimStart('+', '-') switch
    {
        "Inf" or "inf" or "Infinity" or "infinity" => text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
        "NaN" or "nan" => double.NaN,
        _ => double.TryParse(text, NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite), CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null,
    };

    private static Node Refused(string from, string to) => Fail($"type conversion error from '{from}' to '{to}'");
}
