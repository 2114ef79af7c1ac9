// Package main prints the shape of upstream's protobuf messages, as far as Standin reads them: for
// each type that is served by itself, the number, JSON name and kind of each field, taken from the tags
// of the Go types that clients are built with. The output is src/k8s/protobuf/schema.txt.
package main

import (
	"fmt"
	"path"
	"reflect"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What clients send as bodies.
var roots = []struct {
	version, kind string
	of            any
}{
	{"apiextensions.k8s.io/v1", "CustomResourceDefinition", apiextensionsv1.CustomResourceDefinition{}},
	{"apps/v1", "Deployment", appsv1.Deployment{}},
	{"authentication.k8s.io/v1", "SelfSubjectReview", authenticationv1.SelfSubjectReview{}},
	{"authentication.k8s.io/v1", "TokenReview", authenticationv1.TokenReview{}},
	{"authorization.k8s.io/v1", "LocalSubjectAccessReview", authorizationv1.LocalSubjectAccessReview{}},
	{"authorization.k8s.io/v1", "SelfSubjectAccessReview", authorizationv1.SelfSubjectAccessReview{}},
	{"authorization.k8s.io/v1", "SelfSubjectRulesReview", authorizationv1.SelfSubjectRulesReview{}},
	{"authorization.k8s.io/v1", "SubjectAccessReview", authorizationv1.SubjectAccessReview{}},
	{"autoscaling/v1", "Scale", autoscalingv1.Scale{}},
	{"batch/v1", "Job", batchv1.Job{}},
	{"coordination.k8s.io/v1", "Lease", coordinationv1.Lease{}},
	{"v1", "ConfigMap", corev1.ConfigMap{}},
	{"v1", "Event", corev1.Event{}},
	{"v1", "Namespace", corev1.Namespace{}},
	{"v1", "Pod", corev1.Pod{}},
	{"v1", "Secret", corev1.Secret{}},
	{"v1", "Service", corev1.Service{}},
	{"v1", "ServiceAccount", corev1.ServiceAccount{}},
	{"*", "DeleteOptions", metav1.DeleteOptions{}},
}

// Messages with a JSON form of their own.
var special = map[reflect.Type]string{
	reflect.TypeOf(metav1.Time{}):                                  "time",
	reflect.TypeOf(metav1.MicroTime{}):                             "microtime",
	reflect.TypeOf(metav1.FieldsV1{}):                              "raw",
	reflect.TypeOf(runtime.RawExtension{}):                         "raw",
	reflect.TypeOf(apiextensionsv1.JSON{}):                         "raw",
	reflect.TypeOf(resource.Quantity{}):                            "quantity",
	reflect.TypeOf(intstr.IntOrString{}):                           "intorstring",
	reflect.TypeOf(metav1.Verbs{}):                                 "strings",
	reflect.TypeOf(authorizationv1.ExtraValue{}):                   "strings",
	reflect.TypeOf(authenticationv1.ExtraValue{}):                  "strings",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrBool{}):        "schemaorbool",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrArray{}):       "schemaorarray",
	reflect.TypeOf(apiextensionsv1.JSONSchemaPropsOrStringArray{}): "schemaorstrings",
}

var (
	pending []reflect.Type
	seen    = map[reflect.Type]bool{}
)

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
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32:
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

func main() {
	fmt.Println("# Made by tests/clients/client-go/schema from upstream's Go types; do not edit.")
	fmt.Println("# kind APIVERSION KIND MESSAGE | message NAME | NUMBER NAME KIND [omit]")
	for _, root := range roots {
		fmt.Println("kind", root.version, root.kind, name(reflect.TypeOf(root.of)))
	}
	lines := map[string][]string{}
	// A type of its own: the schema of CRDs.
	name(reflect.TypeOf(apiextensionsv1.JSONSchemaProps{}))
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
		fmt.Println("message", key)
		for _, line := range lines[key] {
			fmt.Println(line)
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
		omit := ""
		for _, word := range json[1:] {
			if (word == "omitempty" || word == "omitzero") && field.Type.Kind() != reflect.Pointer {
				if field.Type.Kind() != reflect.Struct || word == "omitzero" {
					omit = " omit"
				}
			}
		}
		add(fmt.Sprintf("%s %s %s%s", parts[1], json[0], of, omit))
	}
}
