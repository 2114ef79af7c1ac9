// Makes the data of the built-in types from the published Kubernetes Go modules: see ./generate.
//
//	discovery.txt  the served groups, versions and resources (api/discovery)
//	types.txt      the Go structs that JSON is decoded into, with the markers of api/openapi-spec
//	columns.txt    the columns of tables (pkg/printers/internalversion)
//	openapi.bin    the OpenAPI documents (api/openapi-spec), deflated, with the enumerations of
//	               pkg/generated/openapi: the published documents leave them out, a server shows them
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	apps "k8s.io/kubernetes/pkg/apis/apps"
	batch "k8s.io/kubernetes/pkg/apis/batch"
	core "k8s.io/kubernetes/pkg/apis/core"
	flowcontrol "k8s.io/kubernetes/pkg/apis/flowcontrol"
	networking "k8s.io/kubernetes/pkg/apis/networking"
	policy "k8s.io/kubernetes/pkg/apis/policy"
	rbac "k8s.io/kubernetes/pkg/apis/rbac"
	devices "k8s.io/kubernetes/pkg/apis/resource"
	storage "k8s.io/kubernetes/pkg/apis/storage"
	"k8s.io/kubernetes/pkg/controlplane"
	generated "k8s.io/kubernetes/pkg/generated/openapi"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func read(path string, into any) {
	text, err := os.ReadFile(path)
	check(err)
	check(json.Unmarshal(text, into))
}

// enabled says whether a group version is served by default.
func enabled(group, version string) bool {
	if group == "apiextensions.k8s.io" || group == "apiregistration.k8s.io" {
		return true
	}
	gv := schema.GroupVersion{Group: group, Version: version}
	return controlplane.DefaultAPIResourceConfigSource().GroupVersionConfigs[gv]
}

type resource struct {
	Name, SingularName, Kind, Group, Version string
	Namespaced                               bool
	Verbs, ShortNames, Categories            []string
	StorageVersionHash                       string
}

func orDash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}

// discovery writes a line for each group version, and one for each of its resources and subresources.
func discovery(root, out string, kinds map[schema.GroupVersionKind]bool) []schema.GroupVersion {
	var aggregated struct {
		Items []struct {
			Metadata metav1.ObjectMeta
			Versions []struct{ Version string }
		}
	}
	read(filepath.Join(root, "api/discovery/aggregated_v2.json"), &aggregated)
	served := []schema.GroupVersion{{Version: "v1"}}
	for _, group := range aggregated.Items {
		for _, version := range group.Versions {
			if enabled(group.Metadata.Name, version.Version) {
				served = append(served, schema.GroupVersion{Group: group.Metadata.Name, Version: version.Version})
			}
		}
	}
	file, err := os.Create(filepath.Join(out, "discovery.txt"))
	check(err)
	defer file.Close()
	for _, gv := range served {
		name := "apis__" + gv.Group + "__" + gv.Version
		if gv.Group == "" {
			name = "api__" + gv.Version
		}
		var list struct{ Resources []resource }
		read(filepath.Join(root, "api/discovery", name+".json"), &list)
		fmt.Fprintf(file, "%s %s\n", gv.Group, gv.Version)
		for _, r := range list.Resources {
			scope := "cluster"
			if r.Namespaced {
				scope = "namespaced"
			}
			of := "-"
			kind := schema.GroupVersionKind{Group: gv.Group, Version: gv.Version, Kind: r.Kind}
			if r.Version != "" {
				of = r.Group + "/" + r.Version
				kind.Group, kind.Version = r.Group, r.Version
			}
			kinds[kind] = true
			hash := r.StorageVersionHash
			if hash == "" {
				hash = "-"
			}
			singular := r.SingularName
			if singular == "" {
				singular = "-"
			}
			fmt.Fprintf(file, "\t%s %s %s %s %s %s %s %s %s\n", r.Name, singular, r.Kind, of, scope, hash,
				orDash(r.Verbs), orDash(r.ShortNames), orDash(r.Categories))
		}
	}
	return served
}

type definition struct {
	Properties map[string]struct {
		Default      any      `json:"default"`
		ListType     string   `json:"x-kubernetes-list-type"`
		ListMapKeys  []string `json:"x-kubernetes-list-map-keys"`
		MapType      string   `json:"x-kubernetes-map-type"`
	} `json:"properties"`
	Required []string `json:"required"`
	MapType  string   `json:"x-kubernetes-map-type"`
}

type types struct {
	out         *bufio.Writer
	definitions map[string]definition
	done        map[string]bool
	queue       []reflect.Type
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// key names a struct: the group and version of its package, and its name.
func key(of reflect.Type) string {
	path := of.PkgPath()
	for _, prefix := range []string{
		"k8s.io/api/", "k8s.io/apimachinery/pkg/apis/", "k8s.io/kube-aggregator/pkg/apis/",
		"k8s.io/apiextensions-apiserver/pkg/apis/", "k8s.io/kubernetes/pkg/apis/", "k8s.io/apimachinery/pkg/",
	} {
		path = strings.TrimPrefix(path, prefix)
	}
	return path + "." + of.Name()
}

// kind writes a type as text: one letter for each scalar, "[]" and "{}" before the type of items, "#" before the key
// of a struct; the name of a type that is not the usual one follows in brackets.
func (t *types) kind(of reflect.Type) string {
	if of.Kind() == reflect.Pointer {
		return t.kind(of.Elem())
	}
	named := ""
	if of.PkgPath() != "" && of.Kind() != reflect.Struct {
		named = "(" + of.String() + ")"
	}
	switch of.String() {
	case "v1.Time":
		return "T"
	case "v1.MicroTime":
		return "M"
	case "resource.Quantity":
		return "Q"
	case "intstr.IntOrString":
		return "X"
	case "runtime.RawExtension":
		return "R"
	case "v1.FieldsV1":
		return "F"
	}
	if reflect.PointerTo(of).Implements(unmarshaler) {
		return "J"
	}
	switch of.Kind() {
	case reflect.String:
		return "s" + named
	case reflect.Bool:
		return "b" + named
	case reflect.Int32:
		return "i" + named
	case reflect.Int64:
		return "l" + named
	case reflect.Int:
		return "n" + named
	case reflect.Uint8:
		return "u" + named
	case reflect.Float64:
		return "d" + named
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return "y" + named
		}
		return "[]" + named + t.kind(of.Elem())
	case reflect.Map:
		named := "(" + of.String() + ")"
		if of.String() == "map[string]string" {
			named = ""
		}
		return "{}" + named + t.kind(of.Elem())
	case reflect.Struct:
		t.queue = append(t.queue, of)
		return "#" + key(of)
	case reflect.Interface:
		return "J"
	}
	panic(of.String())
}

// fields writes a line for each field. Those of an embedded struct are written in its place, with its name: errors of
// decoding name it.
func (t *types) fields(of reflect.Type, model definition, inside string) {
	for i := range of.NumField() {
		field := of.Field(i)
		tag, tagged := field.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		options = "," + options + ","
		if name == "-" || !field.IsExported() {
			continue
		}
		if field.Anonymous && name == "" {
			t.fields(field.Type, model, strings.TrimPrefix(inside+"."+field.Name, "."))
			continue
		}
		if name == "" {
			name = field.Name
		}
		flags := ""
		if field.Type.Kind() == reflect.Pointer {
			flags += "p"
		}
		if strings.Contains(options, ",omitempty,") {
			flags += "o"
		}
		if strings.Contains(options, ",omitzero,") {
			flags += "z"
		}
		if flags == "" {
			flags = "-"
		}
		line := fmt.Sprintf("\t%s %s %s", name, flags, t.kind(field.Type))
		if strategy := field.Tag.Get("patchStrategy"); strategy != "" {
			line += " ps=" + strategy
		}
		if merge := field.Tag.Get("patchMergeKey"); merge != "" {
			line += " mk=" + merge
		}
		if inside != "" {
			line += " in=" + inside
		}
		property := model.Properties[name]
		if property.ListType != "" {
			line += " lt=" + property.ListType
		}
		if len(property.ListMapKeys) > 0 {
			line += " lk=" + strings.Join(property.ListMapKeys, ",")
		}
		if property.MapType != "" {
			line += " mt=" + property.MapType
		}
		if property.Default != nil {
			text, err := json.Marshal(property.Default)
			check(err)
			if string(text) != "{}" && string(text) != `""` && string(text) != "0" {
				line += " d=" + string(text)
			}
		}
		_ = tagged
		fmt.Fprintln(t.out, line)
	}
}

func (t *types) write(of reflect.Type) {
	if t.done[key(of)] {
		return
	}
	t.done[key(of)] = true
	model := definition{}
	if named, ok := reflect.New(of).Interface().(interface{ OpenAPIModelName() string }); ok {
		model = t.definitions[named.OpenAPIModelName()]
	}
	line := key(of)
	if model.MapType != "" {
		line += " mt=" + model.MapType
	}
	fmt.Fprintln(t.out, line)
	t.fields(of, model, "")
}

// structs writes the structs of the given kinds, and those that they refer to.
func structs(root, out string, kinds map[schema.GroupVersionKind]bool) {
	var swagger struct{ Definitions map[string]definition }
	read(filepath.Join(root, "api/openapi-spec/swagger.json"), &swagger)
	defaults(root, swagger.Definitions)
	file, err := os.Create(filepath.Join(out, "types.txt"))
	check(err)
	defer file.Close()
	t := &types{out: bufio.NewWriter(file), definitions: swagger.Definitions, done: map[string]bool{}}
	defer t.out.Flush()
	scheme := runtime.NewScheme()
	check(apiextensions.AddToScheme(scheme))
	check(apiregistration.AddToScheme(scheme))
	var all []schema.GroupVersionKind
	for kind := range kinds {
		all = append(all, kind)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	for _, kind := range all {
		object, err := legacyscheme.Scheme.New(kind)
		if err != nil {
			object, err = scheme.New(kind)
		}
		check(err)
		of := reflect.TypeOf(object).Elem()
		fmt.Fprintf(t.out, "!%s %s %s %s\n", kind.Group, kind.Version, kind.Kind, key(of))
		t.queue = append(t.queue, of)
	}
	// These are shown in errors as their internal types.
	t.queue = append(t.queue, reflect.TypeFor[core.PodTemplateSpec](), reflect.TypeFor[core.PersistentVolumeClaimSpec](),
		reflect.TypeFor[core.PersistentVolumeSource](), reflect.TypeFor[core.VolumeNodeAffinity](), reflect.TypeFor[core.Taint](),
		reflect.TypeFor[core.NodeAddress](), reflect.TypeFor[core.NodeConfigSource](), reflect.TypeFor[core.ObjectReference](),
		reflect.TypeFor[core.ServicePort](), reflect.TypeFor[core.Endpoints](), reflect.TypeFor[flowcontrol.FlowSchemaSpec](),
		reflect.TypeFor[flowcontrol.PriorityLevelConfigurationSpec](), reflect.TypeFor[policy.PodDisruptionBudgetSpec](),
		reflect.TypeFor[rbac.RoleRef](), reflect.TypeFor[networking.ParentReference](), reflect.TypeFor[storage.CSINodeDriver](), reflect.TypeFor[storage.VolumeAttachmentSpec](),
		reflect.TypeFor[apps.DeploymentStrategy](), reflect.TypeFor[apps.DaemonSetUpdateStrategy](),
		reflect.TypeFor[apps.StatefulSetUpdateStrategy](), reflect.TypeFor[batch.JobSpec](), reflect.TypeFor[apps.StatefulSetSpec](),
		reflect.TypeFor[devices.ResourceClaimSpec](), reflect.TypeFor[devices.ResourceClaimTemplateSpec](),
		reflect.TypeFor[devices.AllocationResult](), reflect.TypeFor[devices.DeviceAttribute]())
	for len(t.queue) > 0 {
		next := t.queue[0]
		t.queue = t.queue[1:]
		t.write(next)
	}
}

// defaults takes the defaults of properties from the documents of OpenAPI v3: version 2 has none.
func defaults(root string, definitions map[string]definition) {
	paths, err := filepath.Glob(filepath.Join(root, "api/openapi-spec/v3/*__*_openapi.json"))
	check(err)
	for _, path := range paths {
		var document struct{ Components struct{ Schemas map[string]definition } }
		read(path, &document)
		for name, schema := range document.Components.Schemas {
			for property, value := range schema.Properties {
				if own, ok := definitions[name].Properties[property]; ok && value.Default != nil {
					own.Default = value.Default
					definitions[name].Properties[property] = own
				}
			}
		}
	}
}

type columns struct{ out *os.File }

func (c columns) TableHandler(columns []metav1.TableColumnDefinition, printer any) error {
	of := reflect.TypeOf(printer).In(0).Elem()
	object, ok := reflect.New(of).Interface().(runtime.Object)
	if !ok {
		return nil
	}
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(object)
	if err != nil || strings.HasSuffix(kinds[0].Kind, "List") {
		return nil
	}
	fmt.Fprintf(c.out, "%s %s\n", kinds[0].Group, kinds[0].Kind)
	// The name is the first column of nearly every table. The age is described by the metadata.
	created := metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]
	if columns[0].Name == "Name" {
		columns = columns[1:]
	}
	for _, column := range columns {
		text := column.Description
		if text == created {
			text = ""
		}
		description, err := json.Marshal(text)
		check(err)
		format := column.Format
		if format == "" {
			format = "-"
		}
		fmt.Fprintf(c.out, "\t%s\t%s\t%s\t%d\t%s\n", column.Name, column.Type, format, column.Priority, description)
	}
	return nil
}

func deflate(text []byte) []byte {
	var out bytes.Buffer
	writer, err := flate.NewWriter(&out, flate.BestCompression)
	check(err)
	_, err = writer.Write(text)
	check(err)
	check(writer.Close())
	return out.Bytes()
}

// prune removes the definitions that nothing refers to any more.
func prune(document, definitions map[string]any, prefix string) {
	reached := map[string]bool{}
	var visit func(any)
	visit = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			if target, ok := value["$ref"].(string); ok {
				name := strings.TrimPrefix(target, prefix)
				if !reached[name] {
					reached[name] = true
					visit(definitions[name])
				}
			}
			for _, inner := range value {
				visit(inner)
			}
		case []any:
			for _, inner := range value {
				visit(inner)
			}
		}
	}
	visit(document["paths"])
	for name := range definitions {
		if !reached[name] {
			delete(definitions, name)
		}
	}
}

// enumerations adds the values of fields to schemas, and their descriptions: what a server shows with the feature
// OpenAPIEnums, which is on by default and off where the documents are published.
func enumerations(schemas map[string]any) {
	definitions := generated.GetOpenAPIDefinitions(func(string) spec.Ref { return spec.Ref{} })
	for name, definition := range definitions {
		schema, _ := schemas[name].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for field, property := range definition.Schema.Properties {
			shown, ok := properties[field].(map[string]any)
			if !ok {
				continue
			}
			if len(property.Enum) > 0 {
				shown["enum"], shown["description"] = property.Enum, property.Description
			}
			if property.Items != nil && property.Items.Schema != nil && len(property.Items.Schema.Enum) > 0 {
				if items, ok := shown["items"].(map[string]any); ok {
					items["enum"], shown["description"] = property.Items.Schema.Enum, property.Description
				}
			}
		}
	}
}

// logs is the path of the handler of logs, which a server does not have by default.
const logs = "logs"

// openapi writes the documents. Schemas that several documents of version 3 have are kept once, in "schemas".
func openapi(root, out string, served []schema.GroupVersion) {
	type entry struct {
		name string
		text []byte
	}
	var entries []entry
	folder := filepath.Join(root, "api/openapi-spec")
	var v2 map[string]any
	read(filepath.Join(folder, "swagger.json"), &v2)
	paths := v2["paths"].(map[string]any)
	for path := range paths {
		parts := strings.Split(path, "/")
		if len(parts) > 4 && parts[1] == "apis" && !enabled(parts[2], parts[3]) || parts[1] == logs {
			delete(paths, path)
		}
	}
	groups := map[string]bool{}
	for _, gv := range served {
		groups[gv.Group] = true
	}
	for path := range paths {
		if parts := strings.Split(path, "/"); len(parts) == 4 && parts[1] == "apis" && parts[2] != "" && !groups[parts[2]] {
			delete(paths, path)
		}
	}
	enumerations(v2["definitions"].(map[string]any))
	prune(v2, v2["definitions"].(map[string]any), "#/definitions/")
	text, err := json.Marshal(v2)
	check(err)
	entries = append(entries, entry{"v2", text})
	names, err := filepath.Glob(filepath.Join(folder, "v3/*.json"))
	check(err)
	sort.Strings(names)
	schemas := map[string]any{}
	for _, path := range names {
		name := strings.TrimSuffix(filepath.Base(path), "_openapi.json")
		parts := strings.Split(name, "__")
		if name == logs || parts[0] == "apis" && (len(parts) == 3 && !enabled(parts[1], parts[2]) || len(parts) == 2 && !groups[parts[1]]) {
			continue
		}
		var document map[string]any
		read(path, &document)
		if components, ok := document["components"].(map[string]any); ok {
			if own, ok := components["schemas"].(map[string]any); ok {
				enumerations(own)
				var list []string
				for name, schema := range own {
					list = append(list, name)
					schemas[name] = schema
				}
				sort.Strings(list)
				components["schemas"] = list
			}
		}
		text, err := json.Marshal(document)
		check(err)
		entries = append(entries, entry{strings.ReplaceAll(name, "__", "/"), text})
	}
	text, err = json.Marshal(schemas)
	check(err)
	entries = append(entries, entry{"schemas", text})
	var index, body bytes.Buffer
	for _, entry := range entries {
		packed := deflate(entry.text)
		fmt.Fprintf(&index, "%s %d %d %X\n", entry.name, body.Len(), len(packed), sha256.Sum256(entry.text))
		body.Write(packed)
	}
	check(os.WriteFile(filepath.Join(out, "openapi.txt"), index.Bytes(), 0o644))
	check(os.WriteFile(filepath.Join(out, "openapi.bin"), body.Bytes(), 0o644))
}

func main() {
	root, out := os.Args[1], os.Args[2]
	kinds := map[schema.GroupVersionKind]bool{}
	served := discovery(root, out, kinds)
	structs(root, out, kinds)
	file, err := os.Create(filepath.Join(out, "columns.txt"))
	check(err)
	defer file.Close()
	printersinternal.AddHandlers(columns{file})
	openapi(root, out, served)
}

var _ printers.PrintHandler = columns{}
