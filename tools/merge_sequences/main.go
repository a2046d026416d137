package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/merge"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
	"sigs.k8s.io/structured-merge-diff/v4/value"
)

const schemaYAML = `types:
- name: type
  map:
    fields:
    - {name: spec, type: {namedType: spec}}
- name: spec
  map:
    fields:
    - {name: str, type: {scalar: string}}
    - {name: num, type: {scalar: numeric}}
    - {name: flag, type: {scalar: boolean}}
    - {name: atomicList, type: {list: {elementType: {scalar: string}, elementRelationship: atomic}}}
    - {name: set, type: {list: {elementType: {scalar: string}, elementRelationship: associative}}}
    - {name: listMap, type: {list: {elementType: {namedType: item}, elementRelationship: associative, keys: [name]}}}
    - {name: ports, type: {list: {elementType: {namedType: port}, elementRelationship: associative, keys: [port, proto]}}}
    - {name: atomicMap, type: {map: {elementType: {scalar: string}, elementRelationship: atomic}}}
    - {name: strMap, type: {map: {elementType: {scalar: string}}}}
    - {name: objMap, type: {map: {elementType: {namedType: item}}}}
    - {name: nested, type: {namedType: nested}}
    - {name: free, type: {namedType: __untyped_deduced_}}
- name: item
  map:
    fields:
    - {name: name, type: {scalar: string}}
    - {name: val, type: {scalar: numeric}}
    - {name: tags, type: {list: {elementType: {scalar: string}, elementRelationship: associative}}}
    - {name: args, type: {list: {elementType: {scalar: string}, elementRelationship: atomic}}}
    - {name: sub, type: {namedType: sub}}
- name: port
  map:
    fields:
    - {name: port, type: {scalar: numeric}}
    - {name: proto, type: {scalar: string}, default: "TCP"}
    - {name: val, type: {scalar: string}}
- name: nested
  map:
    fields:
    - {name: a, type: {scalar: string}}
    - {name: inner, type: {namedType: sub}}
    - {name: items, type: {list: {elementType: {namedType: item}, elementRelationship: associative, keys: [name]}}}
- name: sub
  map:
    fields:
    - {name: p, type: {scalar: string}}
    - {name: q, type: {scalar: numeric}}
    - {name: set, type: {list: {elementType: {scalar: string}, elementRelationship: associative}}}
- name: __untyped_atomic_
  scalar: untyped
  list: {elementType: {namedType: __untyped_atomic_}, elementRelationship: atomic}
  map: {elementType: {namedType: __untyped_atomic_}, elementRelationship: atomic}
- name: __untyped_deduced_
  scalar: untyped
  list: {elementType: {namedType: __untyped_atomic_}, elementRelationship: atomic}
  map: {elementType: {namedType: __untyped_deduced_}, elementRelationship: separable}
`

var r *rand.Rand

func chance(p float64) bool { return r.Float64() < p }
func word() string          { return string(rune('a' + r.Intn(4))) }
func words(unique bool) []interface{} {
	out := []interface{}{}
	seen := map[string]bool{}
	for n := r.Intn(4); n > 0; n-- {
		w := word()
		if unique && seen[w] {
			continue
		}
		seen[w] = true
		out = append(out, w)
	}
	return out
}
func sub() map[string]interface{} {
	m := map[string]interface{}{}
	if chance(.6) {
		m["p"] = word()
	}
	if chance(.5) {
		m["q"] = r.Intn(3)
	}
	if chance(.4) {
		m["set"] = words(true)
	}
	return m
}
func item(named bool) map[string]interface{} {
	m := map[string]interface{}{}
	if named {
		m["name"] = word()
	}
	if chance(.6) {
		m["val"] = r.Intn(3)
	}
	if chance(.4) {
		m["tags"] = words(true)
	}
	if chance(.3) {
		m["args"] = words(false)
	}
	if chance(.4) {
		m["sub"] = sub()
	}
	return m
}
func items() []interface{} {
	out := []interface{}{}
	seen := map[interface{}]bool{}
	for n := r.Intn(4); n > 0; n-- {
		i := item(true)
		if seen[i["name"]] {
			continue
		}
		seen[i["name"]] = true
		out = append(out, i)
	}
	return out
}
func ports() []interface{} {
	out := []interface{}{}
	seen := map[string]bool{}
	for n := r.Intn(3); n > 0; n-- {
		p := map[string]interface{}{"port": 80 + r.Intn(2)}
		proto := "TCP"
		if chance(.6) {
			proto = []string{"TCP", "UDP"}[r.Intn(2)]
			p["proto"] = proto
		}
		key := fmt.Sprint(p["port"], proto)
		if seen[key] {
			continue
		}
		seen[key] = true
		if chance(.5) {
			p["val"] = word()
		}
		out = append(out, p)
	}
	return out
}
func free(depth int) interface{} {
	switch r.Intn(5) {
	case 0:
		return word()
	case 1:
		return r.Intn(3)
	case 2:
		return words(false)
	default:
		m := map[string]interface{}{}
		if depth < 3 {
			for n := r.Intn(3); n > 0; n-- {
				m[word()] = free(depth + 1)
			}
		}
		return m
	}
}
func spec(nulls bool) map[string]interface{} {
	m := map[string]interface{}{}
	put := func(key string, p float64, make func() interface{}) {
		if !chance(p) {
			return
		}
		if nulls && chance(.08) {
			m[key] = nil
			return
		}
		m[key] = make()
	}
	put("str", .4, func() interface{} { return word() })
	put("num", .3, func() interface{} { return r.Intn(3) })
	put("flag", .2, func() interface{} { return chance(.5) })
	put("atomicList", .3, func() interface{} { return words(false) })
	put("set", .4, func() interface{} { return words(true) })
	put("listMap", .5, func() interface{} { return items() })
	put("ports", .4, func() interface{} { return ports() })
	put("atomicMap", .3, func() interface{} {
		m := map[string]interface{}{}
		for n := r.Intn(3); n > 0; n-- {
			m[word()] = word()
		}
		return m
	})
	put("strMap", .4, func() interface{} {
		m := map[string]interface{}{}
		for n := r.Intn(3); n > 0; n-- {
			m[word()] = word()
		}
		return m
	})
	put("objMap", .3, func() interface{} {
		m := map[string]interface{}{}
		for n := r.Intn(3); n > 0; n-- {
			m[word()] = item(false)
		}
		return m
	})
	put("nested", .5, func() interface{} {
		m := map[string]interface{}{}
		if chance(.5) {
			m["a"] = word()
		}
		if chance(.5) {
			m["inner"] = sub()
		}
		if chance(.4) {
			m["items"] = items()
		}
		return m
	})
	put("free", .3, func() interface{} { return free(0) })
	return m
}

type op struct {
	Op      string      `json:"op"`
	Manager string      `json:"manager"`
	Version string      `json:"version"`
	Force   bool        `json:"force,omitempty"`
	Object  interface{} `json:"object"`
	// results
	Conflicts []string               `json:"conflicts,omitempty"`
	Error     string                 `json:"error,omitempty"`
	Live      interface{}            `json:"live"`
	Managers  map[string]interface{} `json:"managers"`
}

type same struct{}

func (same) Convert(o *typed.TypedValue, v fieldpath.APIVersion) (*typed.TypedValue, error) {
	return o, nil
}
func (same) IsMissingVersionError(error) bool { return false }

// mutate a copy of live a little, as an updater does
func mutated(live interface{}) interface{} {
	b, _ := json.Marshal(live)
	var m map[string]interface{}
	d := json.NewDecoder(bytesReader(b))
	d.UseNumber()
	_ = d.Decode(&m)
	if m == nil {
		m = map[string]interface{}{}
	}
	fix(m)
	s, ok := m["spec"].(map[string]interface{})
	if !ok || chance(.15) {
		m["spec"] = spec(false)
		return m
	}
	other := spec(false)
	keys := []string{}
	for k := range other {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if chance(.6) {
			s[k] = other[k]
		}
	}
	keys = keys[:0]
	for k := range s {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if chance(.15) {
			delete(s, k)
		}
	}
	return m
}

func main() {
	seed, _ := strconv.ParseInt(os.Args[1], 10, 64)
	count, _ := strconv.Atoi(os.Args[2])
	r = rand.New(rand.NewSource(seed))
	parser, err := typed.NewParser(typed.YAMLObject(schemaYAML))
	if err != nil {
		panic(err)
	}
	t := parser.Type("type")
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i := 0; i < count; i++ {
		nulls := chance(.2)
		live, _ := t.FromUnstructured(map[string]interface{}{})
		managers := fieldpath.ManagedFields{}
		u := &merge.Updater{Converter: same{}}
		ops := []op{}
		for n := 3 + r.Intn(6); n > 0; n-- {
			o := op{Manager: "m" + strconv.Itoa(r.Intn(3)), Version: "v1"}
			if chance(.15) {
				o.Version = "v2"
			}
			before := managers.Copy()
			if len(ops) == 0 || chance(.7) {
				o.Op = "apply"
				o.Force = chance(.4)
				o.Object = map[string]interface{}{"spec": spec(nulls)}
				v, err := t.FromUnstructured(norm(o.Object))
				if err != nil {
					o.Error = err.Error()
				} else {
					// appliers are one whatever their version
					res, m2, err := u.Apply(live, v, fieldpath.APIVersion(o.Version), managers, o.Manager+"/apply", o.Force)
					if c, ok := err.(merge.Conflicts); ok {
						for _, x := range c {
							o.Conflicts = append(o.Conflicts, x.Manager+" "+x.Path.String())
						}
						sort.Strings(o.Conflicts)
						managers = before
					} else if err != nil {
						o.Error = err.Error()
						managers = before
					} else {
						managers = m2
						if res != nil {
							live = res
						}
					}
				}
			} else {
				o.Op = "update"
				o.Object = mutated(live.AsValue().Unstructured())
				v, err := t.FromUnstructured(norm(o.Object))
				if err != nil {
					o.Error = err.Error()
				} else {
					res, m2, err := u.Update(live, v, fieldpath.APIVersion(o.Version), managers, o.Manager+"/update/"+o.Version)
					if err != nil {
						o.Error = err.Error()
						managers = before
					} else {
						managers = m2
						live = res
					}
				}
			}
			o.Live = clone(live.AsValue().Unstructured())
			o.Managers = map[string]interface{}{}
			for name, set := range managers {
				b, _ := set.Set().ToJSON()
				o.Managers[name] = json.RawMessage(b)
			}
			ops = append(ops, o)
		}
		b, err := json.Marshal(ops)
		if err != nil {
			panic(err)
		}
		out.Write(b)
		out.WriteByte('\n')
	}
}

var _ = value.Value(nil)
