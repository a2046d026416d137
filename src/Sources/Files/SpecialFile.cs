using System.Runtime.InteropServices;

namespace Bowline.Sources.Files;

/// <summary>Tells pipes, sockets and devices from files, which .NET cannot; by statx(2), whose layout is the same on every architecture.</summary>
internal static class SpecialFile
{
    private const int AtCurrentFolder = -100;
    private const uint TypeMask = 1;
    private const int ModeOffset = 28;
    private const int FileTypeBits = 0xF000;
    private const int RegularFile = 0x8000;

    public static bool IsSpecial(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        byte[] result = new byte[256];
        try
        {
            return Statx(AtCurrentFolder, path, 0, TypeMask, result) == 0
                && (BitConverter.ToUInt16(result, ModeOffset) & FileTypeBits) != RegularFile;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] result);
}
