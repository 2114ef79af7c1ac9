// Package main behaves under one scenario like programs on client-go, with only the library's own
// handling of failures: any error that it returns ends the program.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

const (
	namespace = "kube-test"
	// Shorter than a drill: the program itself reports that it made no progress.
	deadline = 15 * time.Second
	// How long a cache may take to be filled before its user continues without it.
	syncLimit = 3 * time.Second
)

var tfjobs = schema.GroupVersionResource{Group: "kubeflow.org", Version: "v1", Resource: "tfjobs"}

func fail(format string, args ...any) {
	fmt.Printf("FAILED: "+format+"\n", args...)
	os.Exit(1)
}

func check(err error, doing string) {
	if err != nil {
		fail("%s: %v", doing, err)
	}
}

func main() {
	time.AfterFunc(deadline, func() { fail("not done within %s", deadline) })
	scenario := os.Getenv("STANDIN_SCENARIO")
	theme := path.Base(path.Dir(scenario))
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	check(err, "reading the kubeconfig")
	if theme == "auth" {
		config.Wrap(withToken)
	}
	client, err := dynamic.NewForConfig(config)
	check(err, "making a client")
	jobs := client.Resource(tfjobs).Namespace(namespace)
	ctx := context.Background()
	switch theme {
	case "status":
		status(ctx, jobs, scenario)
	case "paging":
		pages(ctx, jobs)
	case "watch":
		watch(ctx, client, jobs)
	case "auth", "throttling", "network", "control-plane", "semantics":
		for range 3 {
			cycle(ctx, jobs)
		}
	case "brownout":
		for n := range 5 {
			if n > 0 {
				time.Sleep(1200 * time.Millisecond)
			}
			cycle(ctx, jobs)
		}
	case "delete":
		deleteAll(ctx, jobs)
	default:
		fail("no task for the scenario %q", scenario)
	}
	fmt.Println("ok")
}

func newJob(name string) *unstructured.Unstructured {
	container := map[string]any{"name": "tensorflow", "image": "busybox"}
	pod := map[string]any{"spec": map[string]any{"containers": []any{container}}}
	worker := map[string]any{"replicas": int64(1), "template": pod}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kubeflow.org/v1",
		"kind":       "TFJob",
		"metadata":   map[string]any{"name": name},
		"spec":       map[string]any{"tfReplicaSpecs": map[string]any{"Worker": worker}},
	}}
}

func create(ctx context.Context, jobs dynamic.ResourceInterface, name string) {
	_, err := jobs.Create(ctx, newJob(name), metav1.CreateOptions{})
	check(err, "creating "+name)
}

// status expects exactly the status that the scenario is named after.
func status(ctx context.Context, jobs dynamic.ResourceInterface, scenario string) {
	expected, err := strconv.Atoi(scenario[strings.LastIndex(scenario, "-")+1:])
	check(err, "reading the status in the scenario's name")
	_, err = jobs.List(ctx, metav1.ListOptions{})
	var told apierrors.APIStatus
	if !errors.As(err, &told) || int(told.Status().Code) != expected {
		fail("the list ended with %v, not with a status %d", err, expected)
	}
}

// list reads all jobs with the library's pager, in pages of ten.
func list(ctx context.Context, jobs dynamic.ResourceInterface) []string {
	lister := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return jobs.List(ctx, options)
	})
	lister.PageSize = 10
	// Not item by item: when a page has expired, the pager drops what it had and takes the whole list.
	found, _, err := lister.List(ctx, metav1.ListOptions{})
	check(err, "listing")
	var names []string
	check(meta.EachListItem(found, func(item runtime.Object) error {
		job, err := meta.Accessor(item)
		if err == nil {
			names = append(names, job.GetName())
		}
		return err
	}), "reading the list")
	return names
}

func pages(ctx context.Context, jobs dynamic.ResourceInterface) {
	names := list(ctx, jobs)
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	if len(seen) < 31 || len(seen) != len(names) {
		fail("the list has %d entries for %d jobs", len(names), len(seen))
	}
}

// cycle is the life of a job, from the view of its creator.
func cycle(ctx context.Context, jobs dynamic.ResourceInterface) {
	const name = "good"
	list(ctx, jobs)
	create(ctx, jobs, name)
	_, err := jobs.Get(ctx, name, metav1.GetOptions{})
	check(err, "reading "+name)
	check(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		patch := []byte(`{"metadata":{"labels":{"seen":"yes"}}}`)
		_, err := jobs.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	}), "patching "+name)
	check(jobs.Delete(ctx, name, metav1.DeleteOptions{}), "deleting "+name)
}

// watch expects an informer's cache to be correct in the end.
func watch(ctx context.Context, client dynamic.Interface, jobs dynamic.ResourceInterface) {
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)
	informer := factory.ForResource(tfjobs).Informer()
	factory.Start(ctx.Done())
	syncing, cancel := context.WithTimeout(ctx, syncLimit)
	if !cache.WaitForCacheSync(syncing.Done(), informer.HasSynced) {
		fmt.Printf("not in sync after %s\n", syncLimit)
	}
	cancel()
	for _, name := range []string{"w-1", "w-2", "w-3"} {
		create(ctx, jobs, name)
		time.Sleep(200 * time.Millisecond)
	}
	// A watch that has ended was replaced by now.
	time.Sleep(time.Second)
	check(jobs.Delete(ctx, "w-2", metav1.DeleteOptions{}), "deleting w-2")
	holds := func(name string) bool {
		_, found, err := informer.GetStore().GetByKey(namespace + "/" + name)
		return err == nil && found
	}
	for !holds("w-1") || holds("w-2") || !holds("w-3") {
		time.Sleep(50 * time.Millisecond)
	}
}

func deleteAll(ctx context.Context, jobs dynamic.ResourceInterface) {
	err := jobs.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
	check(err, "deleting the collection")
	for {
		left, err := jobs.List(ctx, metav1.ListOptions{})
		check(err, "listing")
		if len(left.Items) == 0 {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}
