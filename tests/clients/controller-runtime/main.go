// Package main is an operator on controller-runtime: it drives Volcano jobs from Pending to Completed, and
// holds them with a finalizer until it has cleaned up after them.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	finalizer = "example.com/clean-up"
	jobs      = 20
)

var kind = schema.GroupVersionKind{Group: "batch.volcano.sh", Version: "v1alpha1", Kind: "Job"}

// next is the phase after each phase.
var next = map[string]string{"": "Pending", "Pending": "Running", "Running": "Completed"}

type reconciler struct {
	client.Client
	mutex   sync.Mutex
	phases  map[string][]string
	cleaned map[string]bool
}

func newJob() *unstructured.Unstructured {
	job := &unstructured.Unstructured{}
	job.SetGroupVersionKind(kind)
	return job
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	job := newJob()
	if err := r.Get(ctx, request.NamespacedName, job); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !job.GetDeletionTimestamp().IsZero() {
		if controllerutil.RemoveFinalizer(job, finalizer) {
			r.mutex.Lock()
			r.cleaned[job.GetName()] = true
			r.mutex.Unlock()
			return ctrl.Result{}, r.Update(ctx, job)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(job, finalizer) {
		return ctrl.Result{}, r.Update(ctx, job)
	}
	// Its pod belongs to it, and goes with it.
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: job.GetName(), Namespace: job.GetNamespace()},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "busybox"}}},
	}
	if err := controllerutil.SetControllerReference(job, pod, r.Scheme()); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.Create(ctx, pod); err != nil && !apierrors.IsAlreadyExists(err) {
		return ctrl.Result{}, err
	}
	phase, _, _ := unstructured.NestedString(job.Object, "status", "state", "phase")
	after, more := next[phase]
	if !more {
		return ctrl.Result{}, nil
	}
	if err := unstructured.SetNestedField(job.Object, after, "status", "state", "phase"); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.Status().Update(ctx, job); err != nil {
		// The cache was behind: the next event brings it back here.
		return ctrl.Result{RequeueAfter: 10 * time.Millisecond}, client.IgnoreNotFound(ignoreConflict(err))
	}
	r.mutex.Lock()
	r.phases[job.GetName()] = append(r.phases[job.GetName()], after)
	r.mutex.Unlock()
	return ctrl.Result{RequeueAfter: 10 * time.Millisecond}, nil
}

func ignoreConflict(err error) error {
	if apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func fail(format string, args ...any) {
	fmt.Printf("FAILED: "+format+"\n", args...)
	os.Exit(1)
}

func check(err error, doing string) {
	if err != nil {
		fail("%s: %v", doing, err)
	}
}

func eventually(what string, holds func() bool) {
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			fmt.Println("ok:", what)
			return
		}
	}
	fail("%s did not come to pass within 60 s", what)
}

func main() {
	ctrl.SetLogger(logr.Discard())
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	check(err, "reading the kubeconfig")
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Second)
	defer cancel()
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  clientgoscheme.Scheme,
		Metrics:                 server.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "operator.example.com",
		LeaderElectionNamespace: "default",
	})
	check(err, "making a manager")
	operator := &reconciler{Client: manager.GetClient(), phases: map[string][]string{}, cleaned: map[string]bool{}}
	check(ctrl.NewControllerManagedBy(manager).For(newJob()).Owns(&corev1.Pod{}).Complete(operator), "making a controller")
	go func() { check(manager.Start(ctx), "running the manager") }()

	direct, err := client.New(config, client.Options{})
	check(err, "making a client")
	for n := range jobs {
		job := newJob()
		job.SetName(fmt.Sprintf("job-%02d", n))
		job.SetNamespace("default")
		job.Object["spec"] = map[string]any{"minAvailable": int64(1), "schedulerName": "volcano"}
		check(direct.Create(ctx, job), "creating a job")
	}
	list := func() []unstructured.Unstructured {
		found := &unstructured.UnstructuredList{}
		found.SetGroupVersionKind(kind)
		check(direct.List(ctx, found, client.InNamespace("default")), "listing")
		return found.Items
	}
	eventually("all jobs are completed", func() bool {
		completed := 0
		for _, job := range list() {
			if phase, _, _ := unstructured.NestedString(job.Object, "status", "state", "phase"); phase == "Completed" {
				completed++
			}
		}
		return completed == jobs
	})
	operator.mutex.Lock()
	for name, phases := range operator.phases {
		if fmt.Sprint(phases) != "[Pending Running Completed]" {
			fail("%s went through %v", name, phases)
		}
	}
	operator.mutex.Unlock()
	generation := list()[0].GetGeneration()
	if generation != 1 {
		fail("status updates and finalizers made the generation %d", generation)
	}
	pods := &corev1.PodList{}
	check(direct.List(ctx, pods, client.InNamespace("default")), "listing pods")
	if len(pods.Items) != jobs {
		fail("there are %d pods, not %d", len(pods.Items), jobs)
	}
	for _, job := range list() {
		check(direct.Delete(ctx, &job), "deleting a job")
	}
	eventually("all jobs are gone", func() bool { return len(list()) == 0 })
	if len(operator.cleaned) != jobs {
		fail("%d of %d jobs were cleaned up after", len(operator.cleaned), jobs)
	}
	eventually("their pods went with them", func() bool {
		check(direct.List(ctx, pods, client.InNamespace("default")), "listing pods")
		return len(pods.Items) == 0
	})
}
