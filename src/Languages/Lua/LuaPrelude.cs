namespace Bowline.Languages.Lua;

/// <summary>What runs in every state before a script: takes away what can leave the sandbox or loop out of reach of the hook, and gives back safe forms.</summary>
internal static class LuaPrelude
{
    public const string Source = """
        local rawfind, rawtime, rawdate = ...
        local type, error, tostring, tonumber, pairs = type, error, tostring, tonumber, pairs
        local rep, sub = string.rep, string.sub
        local concat, unpack, pack = table.concat, table.unpack, table.pack

        local function find(level, s, p, init, plain)
          local r = pack(rawfind(tostring(s), tostring(p), init or 1, plain or false))
          if r[1] == nil then error(r[2], level + 1) end
          return r
        end

        local function captures(s, r)
          if r.n == 3 then return sub(s, r[2], r[3]) end
          return unpack(r, 4, r.n)
        end

        function string.find(s, p, init, plain)
          local r = find(2, s, p, init, plain and true)
          if not r[1] then return nil end
          return unpack(r, 2, r.n)
        end

        function string.match(s, p, init)
          local r = find(2, s, p, init)
          if not r[1] then return nil end
          return captures(s, r)
        end

        function string.gmatch(s, p)
          local at = 1
          return function()
            if at > #s + 1 then return nil end
            local r = find(2, s, p, at)
            if not r[1] then at = #s + 2 return nil end
            at = (r[3] < r[2] and r[2] or r[3]) + 1
            return captures(s, r)
          end
        end
        string.gfind = string.gmatch

        local function expand(repl, s, r)
          local out, from = {}, 1
          while true do
            local at = find(3, repl, '%', from, true)
            if not at[1] then break end
            out[#out + 1] = sub(repl, from, at[2] - 1)
            local c = sub(repl, at[2] + 1, at[2] + 1)
            if c == '%' then out[#out + 1] = '%'
            elseif c == '0' then out[#out + 1] = sub(s, r[2], r[3])
            else
              local n = tonumber(c)
              if not n then error("invalid use of '%' in replacement string", 4) end
              local v = r[3 + n]
              if n == 1 and r.n == 3 then v = sub(s, r[2], r[3]) end
              if v == nil then error('invalid capture index %' .. c .. ' in replacement string', 4) end
              out[#out + 1] = tostring(v)
            end
            from = at[2] + 2
          end
          out[#out + 1] = sub(repl, from)
          return concat(out)
        end

        function string.gsub(s, p, repl, limit)
          s, p = tostring(s), tostring(p)
          local out, at, count, anchored = {}, 1, 0, sub(p, 1, 1) == '^'
          if type(repl) == 'number' then repl = tostring(repl) end
          while at <= #s + 1 and (not limit or count < limit) do
            local r = find(2, s, p, at)
            if not r[1] then break end
            count = count + 1
            out[#out + 1] = sub(s, at, r[2] - 1)
            local v
            if type(repl) == 'string' then v = expand(repl, s, r)
            elseif type(repl) == 'table' then v = repl[(captures(s, r))]
            elseif type(repl) == 'function' then v = repl(captures(s, r))
            else error("bad argument #3 to 'gsub' (string/function/table expected)", 2) end
            out[#out + 1] = v and tostring(v) or sub(s, r[2], r[3])
            if r[3] < r[2] then
              out[#out + 1] = sub(s, r[2], r[2])
              at = r[2] + 1
            else
              at = r[3] + 1
            end
            if anchored then break end
          end
          out[#out + 1] = sub(s, at)
          return concat(out), count
        end

        function string.rep(s, n, sep)
          s = tostring(s)
          if n <= 0 or #s + #(sep or '') == 0 then return '' end
          return rep(s, n, sep)
        end

        -- A merge sort: the library's calls the comparison from C, where it could not be stopped.
        function table.sort(t, less)
          less = less or function(a, b) return a < b end
          local n, from, to = #t, t, {}
          local width = 1
          while width < n do
            local i = 1
            while i <= n do
              local l, r, mid, last = i, i + width, i + width - 1, i + 2 * width - 1
              if mid > n then mid = n end
              if last > n then last = n end
              for k = i, last do
                if l <= mid and (r > last or not less(from[r], from[l])) then to[k] = from[l] l = l + 1
                else to[k] = from[r] r = r + 1 end
              end
              i = i + 2 * width
            end
            from, to = to, from
            if to == t then to = {} end
            width = width * 2
          end
          if from ~= t then for k = 1, n do t[k] = from[k] end end
        end

        local safeos = {}
        function safeos.time(t)
          local v, message
          if t then v, message = rawtime(t.year, t.month, t.day, t.hour or 12, t.min or 0, t.sec or 0) else v, message = rawtime() end
          if v == nil then error(message, 2) end
          return v
        end
        function safeos.date(format, at)
          format = format or '%c'
          if sub(format, 1, 1) == '!' then format = sub(format, 2) end
          if sub(format, 1, 2) == '*t' then
            local function part(f) return tonumber((rawdate(f, at))) end
            return { year = part('%Y'), month = part('%m'), day = part('%d'), hour = part('%H'), min = part('%M'), sec = part('%S'),
              wday = part('%w') + 1, yday = part('%j'), isdst = false }
          end
          local v, message = rawdate(format, at)
          if v == nil then error(message, 2) end
          return v
        end

        unpack = table.unpack
        for _, name in pairs({ 'io', 'os', 'debug', 'package', 'require', 'load', 'loadfile', 'loadstring', 'dofile', 'collectgarbage', 'coroutine',
          'setmetatable', 'getmetatable', 'xpcall', 'utf8', 'warn' }) do _G[name] = nil end
        string.dump, string.pack, string.unpack, string.packsize, table.move = nil, nil, nil, nil, nil
        _G.os, _G.unpack, math.pow = safeos, unpack, function(a, b) return a ^ b end
        function table.getn(t) return #t end
        function print() end
        function require(name)
          if name == 'os' then return safeos end
          local library = ({ string = string, table = table, math = math })[name]
          if library then return library end
          error("module '" .. tostring(name) .. "' not found", 2)
        end
        """;
}
