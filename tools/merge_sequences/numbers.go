package main

import (
	"bytes"
	"encoding/json"
	"io"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// numbers as int64
func fix(v interface{}) interface{} {
	switch t := v.(type) {
	case map[string]interface{}:
		for k, x := range t {
			t[k] = fix(x)
		}
		return t
	case []interface{}:
		for i, x := range t {
			t[i] = fix(x)
		}
		return t
	case json.Number:
		n, _ := t.Int64()
		return n
	case int:
		return int64(t)
	}
	return v
}

func clone(v interface{}) interface{} {
	b, _ := json.Marshal(v)
	return json.RawMessage(b)
}

func norm(v interface{}) interface{} {
	b, _ := json.Marshal(v)
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var x interface{}
	_ = d.Decode(&x)
	return fix(x)
}
