// Makes schema.txt from the published Kubernetes Go modules: see ./generate. For each kind that is served, and for what
// clients send besides, it writes the number, JSON name and type of each field of its protobuf message, taken from the
// tags of the Go types.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"reflect"
	"sort"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// What every group version has, and what has no group version of its own.
var meta = []struct {
	version string
	of      any
}{
	{"*", metav1.DeleteOptions{}},
	{"v1", metav1.Status{}},
	{"v1", metav1.APIVersions{}},
	{"v1", metav1.APIGroup{}},
	{"v1", metav1.APIGroupList{}},
	{"v1", metav1.APIResourceList{}},
	{"meta.k8s.io/v1", metav1.PartialObjectMetadata{}},
	{"meta.k8s.io/v1", metav1.PartialObjectMetadataList{}},
	{"meta.k8s.io/v1beta1", metav1.PartialObjectMetadata{}},
	{"meta.k8s.io/v1beta1", metav1.PartialObjectMetadataList{}},
}

// Messages with a JSON form of their own.
var special = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():                                "time",
	reflect.TypeFor[metav1.MicroTime]():                           "microtime",
	reflect.TypeFor[metav1.Duration]():                            "duration",
	reflect.TypeFor[metav1.FieldsV1]():                            "raw",
	reflect.TypeFor[runtime.RawExtension]():                       "raw",
	reflect.TypeFor[apiextensions.JSON]():                         "raw",
	reflect.TypeFor[resource.Quantity]():                          "quantity",
	reflect.TypeFor[intstr.IntOrString]():                         "intorstring",
	reflect.TypeFor[metav1.Verbs]():                               "strings",
	reflect.TypeFor[authorizationv1.ExtraValue]():                 "strings",
	reflect.TypeFor[authenticationv1.ExtraValue]():                "strings",
	reflect.TypeFor[certificatesv1.ExtraValue]():                  "strings",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrBool]():        "schemaorbool",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrArray]():       "schemaorarray",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrStringArray](): "schemaorstrings",
}

var (
	pending []reflect.Type
	seen    = map[reflect.Type]bool{}
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func name(t reflect.Type) string {
	if !seen[t] {
		seen[t] = true
		pending = append(pending, t)
	}
	dir := path.Dir(t.PkgPath())
	return path.Base(dir) + "." + path.Base(t.PkgPath()) + "." + t.Name()
}

func kind(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return kind(t.Elem())
	}
	if of, ok := special[t]; ok {
		return of
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32:
		return "int"
	case reflect.Float64:
		return "double"
	case reflect.Struct:
		return "=" + name(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + kind(t.Elem())
	case reflect.Map:
		return "{}" + kind(t.Elem())
	}
	panic("a kind that is not known: " + t.String())
}

// served reads the kinds that are served from the lines of discovery.txt.
func served(file string) []schema.GroupVersionKind {
	text, err := os.Open(file)
	check(err)
	defer text.Close()
	var group, version string
	kinds := map[schema.GroupVersionKind]bool{}
	for lines := bufio.NewScanner(text); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "\t") {
			group, version, _ = strings.Cut(line, " ")
			continue
		}
		words := strings.Fields(line)
		of := schema.GroupVersion{Group: group, Version: version}
		if words[3] != "-" {
			own, _, _ := strings.Cut(words[3], "/")
			of.Group, of.Version = own, strings.TrimPrefix(words[3], own+"/")
		}
		kinds[of.WithKind(words[2])] = true
		if !strings.Contains(words[0], "/") {
			kinds[of.WithKind(words[2]+"List")] = true
		}
	}
	all := make([]schema.GroupVersionKind, 0, len(kinds))
	for kind := range kinds {
		all = append(all, kind)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	return all
}

func main() {
	out, err := os.Create(os.Args[2])
	check(err)
	defer out.Close()
	check(apiextensions.AddToScheme(scheme.Scheme))
	check(apiregistration.AddToScheme(scheme.Scheme))
	fmt.Fprintln(out, "# Made by ./generate from upstream's Go types; do not edit.")
	fmt.Fprintln(out, "# kind APIVERSION KIND MESSAGE | message NAME | NUMBER NAME KIND [omit] [opt]")
	for _, kind := range served(os.Args[1]) {
		object, err := scheme.Scheme.New(kind)
		if err != nil {
			// Reviews have no lists.
			if !strings.HasSuffix(kind.Kind, "List") {
				fmt.Fprintln(os.Stderr, "no type:", kind)
			}
			continue
		}
		fmt.Fprintln(out, "kind", kind.GroupVersion(), kind.Kind, name(reflect.TypeOf(object).Elem()))
	}
	for _, one := range meta {
		of := reflect.TypeOf(one.of)
		fmt.Fprintln(out, "kind", one.version, of.Name(), name(of))
	}
	lines := map[string][]string{}
	// A type of its own: the schema of CRDs.
	name(reflect.TypeFor[apiextensions.JSONSchemaProps]())
	for len(pending) > 0 {
		t := pending[0]
		pending = pending[1:]
		key := name(t)
		lines[key] = nil
		fields(t, func(line string) { lines[key] = append(lines[key], line) })
	}
	keys := make([]string, 0, len(lines))
	for key := range lines {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		fmt.Fprintln(out, "message", key)
		for _, line := range lines[key] {
			fmt.Fprintln(out, line)
		}
	}
}

func fields(t reflect.Type, add func(string)) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("protobuf")
		if tag == "" || tag == "-" {
			continue
		}
		parts := strings.Split(tag, ",")
		json := strings.Split(field.Tag.Get("json"), ",")
		of := kind(field.Type)
		if field.Anonymous && json[0] == "" {
			// Inlined in JSON, a message of its own on the wire.
			json[0] = "."
		}
		// What is there in any case on the wire, and left out of JSON when it says nothing.
		flags := ""
		pointer := field.Type.Kind() == reflect.Pointer
		for _, word := range json[1:] {
			if (word == "omitempty" || word == "omitzero") && !pointer {
				if field.Type.Kind() != reflect.Struct || word == "omitzero" {
					flags = " omit"
				}
			}
		}
		if pointer {
			flags += " opt"
		}
		add(fmt.Sprintf("%s %s %s%s", parts[1], json[0], of, flags))
	}
}
