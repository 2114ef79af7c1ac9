// Makes bootstrap.jsonl from the published Kubernetes Go modules: see ./generate.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

const version = "rbac.authorization.k8s.io/v1"

// prune removes what says nothing: empty values.
func prune(value map[string]any) {
	for name, field := range value {
		inner, ok := field.(map[string]any)
		if ok {
			prune(inner)
		}
		if field == nil && name != "rules" || ok && len(inner) == 0 {
			delete(value, name)
		}
	}
}

func write(out *os.File, kind string, object any) {
	text, err := json.Marshal(object)
	check(err)
	var value map[string]any
	check(json.Unmarshal(text, &value))
	value["apiVersion"], value["kind"] = version, kind
	prune(value)
	text, err = json.Marshal(value)
	check(err)
	fmt.Fprintln(out, string(text))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func sorted[V any](of map[string][]V) []string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func main() {
	out, err := os.Create(os.Args[1])
	check(err)
	defer out.Close()
	for _, list := range [][]rbacv1.ClusterRole{bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()} {
		for _, role := range list {
			write(out, "ClusterRole", role)
		}
	}
	for _, list := range [][]rbacv1.ClusterRoleBinding{
		bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings(),
	} {
		for _, binding := range list {
			write(out, "ClusterRoleBinding", binding)
		}
	}
	roles, bindings := bootstrappolicy.NamespaceRoles(), bootstrappolicy.NamespaceRoleBindings()
	for _, namespace := range sorted(roles) {
		for _, role := range roles[namespace] {
			write(out, "Role", role)
		}
	}
	for _, namespace := range sorted(bindings) {
		for _, binding := range bindings[namespace] {
			write(out, "RoleBinding", binding)
		}
	}
}
