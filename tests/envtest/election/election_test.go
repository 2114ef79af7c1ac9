// Package election has a test of client-go's leader election by the clock of a world.
package election

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"standin"
)

// What is waited for in this test happens at once: less than the time of the lease.
const patience = 10 * time.Second

// candidate takes part in an election until the context ends, without giving up what it holds. It says when it leads.
func candidate(ctx context.Context, t *testing.T, client kubernetes.Interface, identity string) <-chan struct{} {
	t.Helper()
	leads := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: "default", Name: "controller"},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		},
		LeaseDuration: 15 * time.Second,
		RenewDeadline: 10 * time.Second,
		RetryPeriod:   20 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(leads) },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	go elector.Run(ctx)
	return leads
}

// wait waits until a candidate leads.
func wait(ctx context.Context, t *testing.T, leads <-chan struct{}, identity string) {
	t.Helper()
	select {
	case <-leads:
	case <-ctx.Done():
		t.Fatalf("%s does not lead", identity)
	}
}

// A leader crashes: the next one leads when the clock has gone past the lease, and not after its 15 seconds.
func TestTheClockEndsTheLeaseOfACrashedLeader(t *testing.T) {
	world := standin.Start(t)
	config, err := clientcmd.BuildConfigFromFlags("", world.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	first, crash := context.WithCancel(ctx)
	wait(ctx, t, candidate(first, t, client, "first"), "first")
	crash()
	second := candidate(ctx, t, client, "second")
	select {
	case <-second:
		t.Fatal("second leads while the lease of first lasts")
	case <-time.After(100 * time.Millisecond):
	}
	begun := time.Now()
	world.Advance(16 * time.Second)
	wait(ctx, t, second, "second")
	t.Logf("second leads after %s", time.Since(begun).Round(time.Millisecond))

	lease, err := client.CoordinationV1().Leases("default").Get(ctx, "controller", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *lease.Spec.HolderIdentity != "second" || *lease.Spec.LeaseTransitions != 1 {
		t.Fatalf("the lease is %+v", lease.Spec)
	}
}
