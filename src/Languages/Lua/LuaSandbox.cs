using System.Runtime.InteropServices;
using System.Text;
using Bowline.Resources.Model;
using KeraLua;

namespace Bowline.Languages.Lua;

/// <summary>
/// One Lua state. Two things are never done, because Lua's errors are long jumps and those must not cross managed frames: no managed
/// function raises an error (they return it, and Lua code raises it), and memory is limited only while Lua code runs.
/// A script is stopped by yielding from the instruction hook and not going on.
/// </summary>
internal sealed class LuaSandbox : IDisposable
{
    private const int InstructionsPerCheck = 5_000;
    private static readonly byte[] Prelude = Encoding.UTF8.GetBytes(LuaPrelude.Source);
    private readonly LuaLimits limits;
    private readonly LuaAlloc allocate;
    private readonly LuaHookFunction hook;
    private readonly LuaFunctions functions;
    private readonly KeraLua.Lua main;
    private long memory;
    private long memoryLimit = long.MaxValue;
    private long instructions;
    private bool starves;

    public LuaSandbox(LuaLimits limits, TimeProvider time)
    {
        this.limits = limits;
        allocate = Allocate;
        hook = Count;
        functions = new LuaFunctions(time, Unlimited);
        main = new KeraLua.Lua(allocate, IntPtr.Zero) { Encoding = Encoding.UTF8 };
        main.OpenLibs();
        Load(main, Prelude, "=prelude");
        functions.Push(main);
        Start(main, LuaFunctions.Count);
    }

    public Node Run(byte[] code, IReadOnlyDictionary<string, Node> globals)
    {
        foreach ((string name, Node value) in globals)
        {
            LuaValues.Push(main, value, 0);
            main.SetGlobal(name);
        }

        KeraLua.Lua thread = main.NewThread();
        Load(thread, code, "=script");
        thread.SetHook(hook, LuaHookMask.Count, InstructionsPerCheck);
        memoryLimit = memory + limits.MemoryBytes;
        LuaStatus status = thread.Resume(main, 0, out int results);
        memoryLimit = long.MaxValue;
        starves = false;
        thread.SetHook(null!, LuaHookMask.Disabled, 0);
        return status switch
        {
            LuaStatus.OK => results == 0 ? Node.Null : LuaValues.Read(thread, thread.GetTop() - results + 1),
            LuaStatus.Yield => throw new LuaException("the script runs too long"),
            LuaStatus.ErrMem => throw new LuaException(instructions > limits.Instructions ? "the script runs too long" : "the script needs too much memory"),
            _ => throw new LuaException(LuaValues.Text(thread, -1)),
        };
    }

    public void Dispose() => main.Dispose();

    private static void Load(KeraLua.Lua lua, byte[] code, string name)
    {
        // Text only: a binary chunk can break out of any sandbox.
        if (lua.LoadBuffer(code, name, "t") != LuaStatus.OK)
        {
            throw new LuaException(LuaValues.Text(lua, -1));
        }
    }

    private static void Start(KeraLua.Lua lua, int arguments)
    {
        if (lua.PCall(arguments, 0, 0) != LuaStatus.OK)
        {
            throw new LuaException(LuaValues.Text(lua, -1));
        }
    }

    /// <summary>Runs managed code called by Lua: what it pushes must not fail for want of memory.</summary>
    private int Unlimited(Func<int> body)
    {
        long limit = memoryLimit;
        memoryLimit = long.MaxValue;
        try
        {
            return body();
        }
        finally
        {
            memoryLimit = limit;
        }
    }

    private void Count(IntPtr state, IntPtr record)
    {
        instructions += InstructionsPerCheck;
        if (instructions <= limits.Instructions)
        {
            return;
        }

        KeraLua.Lua running = KeraLua.Lua.FromIntPtr(state)!;
        if (running.IsYieldable)
        {
            running.Yield(0);
        }
        else
        {
            // Called from within a function of the library: the next allocation fails instead.
            starves = true;
        }
    }

    private unsafe IntPtr Allocate(IntPtr data, IntPtr block, UIntPtr oldSize, UIntPtr newSize)
    {
        long before = block == IntPtr.Zero ? 0 : (long)oldSize;
        long after = (long)newSize;
        if (after == 0)
        {
            memory -= before;
            NativeMemory.Free((void*)block);
            return IntPtr.Zero;
        }

        // Lua relies on a block being made smaller without fail.
        if (after > before && ((starves && memoryLimit != long.MaxValue) || memory + after - before > memoryLimit))
        {
            return IntPtr.Zero;
        }

        IntPtr moved = (IntPtr)NativeMemory.Realloc((void*)block, newSize);
        memory += after - before;
        return moved;
    }
}
