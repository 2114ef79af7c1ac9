package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic/dynamicinformer"
	coreinformers "k8s.io/client-go/informers"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const namespace = "informers"

// Job is one of the job types as a Go type: what a generated clientset would have.
type Job struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              json.RawMessage `json:"spec,omitempty"`
}

// JobList is its list.
type JobList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Job `json:"items"`
}

// DeepCopyObject copies it.
func (j *Job) DeepCopyObject() runtime.Object {
	copied := &Job{TypeMeta: j.TypeMeta, Spec: append(json.RawMessage(nil), j.Spec...)}
	j.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return copied
}

// DeepCopyObject copies it.
func (l *JobList) DeepCopyObject() runtime.Object {
	copied := &JobList{TypeMeta: l.TypeMeta, ListMeta: l.ListMeta}
	for i := range l.Items {
		copied.Items = append(copied.Items, *l.Items[i].DeepCopyObject().(*Job))
	}
	return copied
}

// restClient is a typed client of one group and version.
func restClient(c *cluster, of schema.GroupVersionResource) rest.Interface {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, of.GroupVersion())
	scheme.AddKnownTypeWithName(of.GroupVersion().WithKind(kinds[of]), &Job{})
	scheme.AddKnownTypeWithName(of.GroupVersion().WithKind(kinds[of]+"List"), &JobList{})
	config := rest.CopyConfig(c.config)
	version := of.GroupVersion()
	config.GroupVersion = &version
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	check(err, "making a typed client")
	return client
}

func newJob(of schema.GroupVersionResource, name string) *unstructured.Unstructured {
	pod := map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "tensorflow", "image": "busybox"}},
	}}
	replicas := map[string]any{"replicas": int64(1), "template": pod}
	spec := map[schema.GroupVersionResource]map[string]any{
		tfjobs:  {"tfReplicaSpecs": map[string]any{"Worker": replicas}},
		mpijobs: {"slotsPerWorker": int64(1), "mpiReplicaSpecs": map[string]any{"Launcher": replicas}},
		vcjobs:  {"minAvailable": int64(1), "tasks": []any{map[string]any{"name": "work", "replicas": int64(1), "template": pod}}},
	}[of]
	job := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	job.SetAPIVersion(of.GroupVersion().String())
	job.SetKind(kinds[of])
	job.SetName(name)
	job.SetNamespace(namespace)
	return job
}

// watched is an informer with what it told.
type watched struct {
	name                 string
	informer             cache.SharedIndexInformer
	added, changed, gone atomic.Int64
}

func watchIt(name string, informer cache.SharedIndexInformer) *watched {
	w := &watched{name: name, informer: informer}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.added.Add(1) },
		UpdateFunc: func(any, any) { w.changed.Add(1) },
		DeleteFunc: func(any) { w.gone.Add(1) },
	})
	check(err, "adding a handler")
	return w
}

func (w *watched) holds(name string) bool {
	_, found, err := w.informer.GetStore().GetByKey(namespace + "/" + name)
	return err == nil && found
}

// informers watch all three job types, typed and not, and a built-in type; they see what is written, and
// they survive a connection that is cut for so long that their revision is compacted away.
func informers(ctx context.Context, c *cluster) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	writer := connect()
	for of := range kinds {
		_, err := writer.dynamic.Resource(of).Namespace(namespace).Create(ctx, newJob(of, "one"), metav1.CreateOptions{})
		check(err, "creating a "+kinds[of])
	}
	dynamicFactory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, namespace, nil)
	var all []*watched
	for of, kind := range kinds {
		all = append(all, watchIt("dynamic "+kind, dynamicFactory.ForResource(of).Informer()))
		list := cache.NewListWatchFromClient(restClient(c, of), of.Resource, namespace, fields.Everything())
		all = append(all, watchIt("typed "+kind, cache.NewSharedIndexInformer(list, &Job{}, 0, cache.Indexers{})))
	}
	jobs := len(all)
	typedFactory := coreinformers.NewSharedInformerFactoryWithOptions(c.typed, 0, coreinformers.WithNamespace(namespace))
	configMaps := watchIt("typed ConfigMap", typedFactory.Core().V1().ConfigMaps().Informer())
	all = append(all, configMaps)
	for _, w := range all {
		go w.informer.Run(ctx.Done())
		expect(cache.WaitForCacheSync(ctx.Done(), w.informer.HasSynced), "the informer of %s did not sync", w.name)
	}
	streamed := func(e exchange) bool { return strings.Contains(e.URL, "sendInitialEvents=true") && e.Status == 200 }
	listed := func(e exchange) bool {
		return e.Method == "GET" && strings.Contains(e.URL, "/namespaces/"+namespace+"/") && !strings.Contains(e.URL, "watch=true") && !strings.Contains(e.URL, "/one")
	}
	expect(c.asked(streamed) >= len(all), "WatchList: only %d of %d informers streamed their list", c.asked(streamed), len(all))
	expect(c.asked(listed) == 0, "WatchList: %d informers fell back to a list", c.asked(listed))

	for _, w := range all[:jobs] {
		eventually("an event of "+w.name, func() bool { return w.holds("one") && w.added.Load() == 1 })
	}
	write(ctx, writer, "two")
	for _, w := range all {
		eventually("a second event of "+w.name, func() bool { return w.holds("two") && w.added.Load() >= 1 })
	}

	// Away for so long that the server has forgotten where the informers were.
	c.wire.cut()
	for of := range kinds {
		check(writer.dynamic.Resource(of).Namespace(namespace).Delete(ctx, "one", metav1.DeleteOptions{}), "deleting")
	}
	write(ctx, writer, "three")
	list, err := writer.dynamic.Resource(tfjobs).Namespace(namespace).List(ctx, metav1.ListOptions{})
	check(err, "listing")
	writer.admin("POST", "/store/compact", fmt.Sprintf(`{"revision": %q}`, list.GetResourceVersion()), nil)
	c.wire.mend()
	for _, w := range all {
		eventually(w.name+" sees what happened meanwhile", func() bool { return w.holds("three") && !w.holds("one") })
	}
	// Each watched on from the revision it knew, was told that it is gone, and began anew.
	resumed := func(e exchange) bool {
		return strings.Contains(e.URL, "watch=true") && !strings.Contains(e.URL, "sendInitialEvents") && strings.Contains(e.URL, "/"+namespace+"/")
	}
	expect(c.asked(resumed) >= len(all), "%d of %d informers went on from where they were", c.asked(resumed), len(all))
	expect(c.asked(streamed) >= 2*len(all), "%d of %d informers began anew", c.asked(streamed)-len(all), len(all))
	for _, w := range all[:jobs] {
		expect(w.gone.Load() == 1, "%s saw %d deletions, not 1", w.name, w.gone.Load())
	}
	write(ctx, writer, "four")
	for _, w := range all {
		eventually(w.name+" watches again", func() bool { return w.holds("four") })
	}
	object, _, _ := configMaps.informer.GetStore().GetByKey(namespace + "/four")
	expect(object.(*corev1.ConfigMap).Data["k"] == "v", "the informer's ConfigMap has lost its data")
	typed, _, _ := all[1].informer.GetStore().GetByKey(namespace + "/four")
	accessor, err := meta.Accessor(typed)
	check(err, "reading a typed job")
	expect(accessor.GetUID() != "", "the typed job has no uid")
}

// write creates one of each kind.
func write(ctx context.Context, c *cluster, name string) {
	for of := range kinds {
		_, err := c.dynamic.Resource(of).Namespace(namespace).Create(ctx, newJob(of, name), metav1.CreateOptions{})
		check(err, "creating a "+kinds[of])
	}
	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"k": "v"}}
	_, err := c.typed.CoreV1().ConfigMaps(namespace).Create(ctx, configMap, metav1.CreateOptions{})
	check(err, "creating a ConfigMap")
}
