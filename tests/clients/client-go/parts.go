package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

func discover(_ context.Context, c *cluster) {
	client, err := discovery.NewDiscoveryClientForConfig(c.config)
	check(err, "making a discovery client")
	_, lists, err := client.ServerGroupsAndResources()
	check(err, "discovery")
	found := map[string]bool{}
	for _, list := range lists {
		for _, resource := range list.APIResources {
			found[list.GroupVersion+" "+resource.Name] = true
		}
	}
	for _, resource := range []string{"kubeflow.org/v1 tfjobs", "kubeflow.org/v1alpha2 mpijobs", "batch.volcano.sh/v1alpha1 jobs", "batch.volcano.sh/v1alpha1 jobs/status", "v1 configmaps"} {
		expect(found[resource], "discovery does not know %q", resource)
	}
	version, err := client.ServerVersion()
	check(err, "the version")
	expect(version.Major == "1", "the major version is %q", version.Major)
	_, err = client.OpenAPIV3().Paths()
	check(err, "OpenAPI v3")
	aggregated := c.asked(func(e exchange) bool { return strings.Contains(e.URL, "/apis/kubeflow.org") })
	expect(aggregated == 0, "discovery was not aggregated: %d requests by group", aggregated)
}

func page(ctx context.Context, c *cluster) {
	const count = 5000
	jobs := c.dynamic.Resource(tfjobs).Namespace("pages")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for n := worker; n < count; n += 8 {
				job := newJob(tfjobs, fmt.Sprintf("job-%04d", n))
				job.SetNamespace("pages")
				_, err := jobs.Create(ctx, job, metav1.CreateOptions{})
				check(err, "creating a job")
			}
		})
	}
	group.Wait()
	pages := 0
	p := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		pages++
		return jobs.List(ctx, options)
	})
	seen := map[string]bool{}
	check(p.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		seen[object.(*unstructured.Unstructured).GetName()] = true
		return nil
	}), "paging")
	expect(len(seen) == count, "the pages hold %d jobs, not %d", len(seen), count)
	expect(pages == count/500, "there were %d pages, not %d", pages, count/500)
	check(jobs.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}), "deleting the collection")
	left, err := jobs.List(ctx, metav1.ListOptions{})
	check(err, "listing")
	expect(len(left.Items) == 0, "%d jobs are left", len(left.Items))
}

func elect(ctx context.Context, c *cluster) {
	var mutex sync.Mutex
	leading := ""
	candidate := func(ctx context.Context, name string) {
		lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, "default", "election",
			resourcelock.ResourceLockConfig{Identity: name}, c.config, 2*time.Second)
		check(err, "making a lock")
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true,
			LeaseDuration: 4 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { mutex.Lock(); leading = name; mutex.Unlock() },
				OnStoppedLeading: func() {},
			},
		})
	}
	leads := func(name string) func() bool {
		return func() bool { mutex.Lock(); defer mutex.Unlock(); return leading == name }
	}
	first, stopFirst := context.WithCancel(ctx)
	second, stopSecond := context.WithCancel(ctx)
	defer stopSecond()
	go candidate(first, "first")
	eventually("the first leads", leads("first"))
	go candidate(second, "second")
	time.Sleep(time.Second)
	expect(leads("first")(), "two lead at once")
	stopFirst()
	eventually("the second leads", leads("second"))
	lease, err := c.typed.CoordinationV1().Leases("default").Get(ctx, "election", metav1.GetOptions{})
	check(err, "reading the lease")
	expect(lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == "second", "the lease is not the second's")
	expect(lease.Spec.LeaseTransitions != nil && *lease.Spec.LeaseTransitions >= 1, "the lease has not changed hands")
	expect(lease.Spec.RenewTime != nil && time.Since(lease.Spec.RenewTime.Time) < time.Minute, "the lease's renewal time is not now")
}

func apply(ctx context.Context, c *cluster) {
	jobs := c.dynamic.Resource(vcjobs).Namespace(namespace)
	job := newJob(vcjobs, "applied")
	one := metav1.ApplyOptions{FieldManager: "one"}
	applied, err := jobs.Apply(ctx, "applied", job, one)
	check(err, "applying")
	expect(len(applied.GetManagedFields()) == 1 && applied.GetManagedFields()[0].Manager == "one", "the fields are not one's")
	again, err := jobs.Apply(ctx, "applied", job, one)
	check(err, "applying again")
	expect(again.GetResourceVersion() == applied.GetResourceVersion(), "applying the same changed something")
	check(unstructured.SetNestedField(job.Object, int64(5), "spec", "minAvailable"), "changing a field")
	_, err = jobs.Apply(ctx, "applied", job, metav1.ApplyOptions{FieldManager: "two"})
	expect(apierrors.IsConflict(err), "another manager's change is no conflict: %v", err)
	_, err = jobs.Apply(ctx, "applied", job, metav1.ApplyOptions{FieldManager: "two", Force: true})
	check(err, "applying by force")
	status := newJob(vcjobs, "applied")
	delete(status.Object, "spec")
	check(unstructured.SetNestedField(status.Object, "Running", "status", "state", "phase"), "setting a status")
	ran, err := jobs.ApplyStatus(ctx, "applied", status, metav1.ApplyOptions{FieldManager: "controller"})
	check(err, "applying a status")
	phase, _, _ := unstructured.NestedString(ran.Object, "status", "state", "phase")
	available, _, _ := unstructured.NestedInt64(ran.Object, "spec", "minAvailable")
	expect(phase == "Running" && available == 5, "after the status: phase %q, minAvailable %d", phase, available)

	config := applycorev1.ConfigMap("applied", namespace).WithData(map[string]string{"a": "1", "b": "2"})
	_, err = c.typed.CoreV1().ConfigMaps(namespace).Apply(ctx, config, one)
	check(err, "applying a ConfigMap")
	config = applycorev1.ConfigMap("applied", namespace).WithData(map[string]string{"a": "1"})
	left, err := c.typed.CoreV1().ConfigMaps(namespace).Apply(ctx, config, one)
	check(err, "applying less")
	expect(len(left.Data) == 1 && left.Data["a"] == "1", "what is no longer applied is still there: %v", left.Data)
}

func retryOnConflict(ctx context.Context, c *cluster) {
	maps := c.typed.CoreV1().ConfigMaps(namespace)
	_, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "counter"}, Data: map[string]string{}}, metav1.CreateOptions{})
	check(err, "creating")
	const writers, times = 4, 10
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for n := range times {
				// More steps than the default: every other writer may win first, each time.
				backoff := retry.DefaultBackoff
				backoff.Steps = 50
				check(retry.RetryOnConflict(backoff, func() error {
					current, err := maps.Get(ctx, "counter", metav1.GetOptions{})
					if err != nil {
						return err
					}
					if current.Data == nil {
						current.Data = map[string]string{}
					}
					current.Data[fmt.Sprintf("%d-%d", writer, n)] = "x"
					_, err = maps.Update(ctx, current, metav1.UpdateOptions{})
					return err
				}), "updating")
			}
		})
	}
	group.Wait()
	final, err := maps.Get(ctx, "counter", metav1.GetOptions{})
	check(err, "reading")
	expect(len(final.Data) == writers*times, "%d of %d writes are there", len(final.Data), writers*times)
	conflicts := c.asked(func(e exchange) bool { return e.Method == "PUT" && e.Status == 409 })
	expect(conflicts > 0, "no update met a conflict")
}
