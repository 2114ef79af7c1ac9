// Command start starts control planes of envtest and says how long that took: the median and the longest.
//
//	KUBEBUILDER_ASSETS=DIR go run ./start -times 10 -parallel 20
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func main() {
	times := flag.Int("times", 5, "how often to start")
	parallel := flag.Int("parallel", 1, "how many control planes at once")
	flag.Parse()
	for range *times {
		if err := round(*parallel); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// round starts control planes at once, creates an object in each, checks that no other has it, and stops them.
func round(parallel int) error {
	var group sync.WaitGroup
	took, failed := make([]time.Duration, parallel), make([]error, parallel)
	for index := range parallel {
		group.Go(func() { took[index], failed[index] = one(fmt.Sprintf("own-%d", index)) })
	}
	group.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	slices.Sort(took)
	median, longest := took[parallel/2], took[parallel-1]
	fmt.Printf("%d started: median %s, longest %s\n", parallel, median.Round(time.Millisecond), longest.Round(time.Millisecond))
	return nil
}

func one(name string) (took time.Duration, err error) {
	environment := &envtest.Environment{}
	begun := time.Now()
	config, err := environment.Start()
	took = time.Since(begun)
	if err != nil {
		return took, err
	}
	defer func() {
		if stopped := environment.Stop(); err == nil {
			err = stopped
		}
	}()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return took, err
	}
	maps := client.CoreV1().ConfigMaps("default")
	own := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := maps.Create(context.Background(), own, metav1.CreateOptions{}); err != nil {
		return took, err
	}
	list, err := maps.List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return took, err
	}
	for _, found := range list.Items {
		if found.Name != name && found.Name != "kube-root-ca.crt" {
			return took, fmt.Errorf("%s sees %s, which is another control plane's", name, found.Name)
		}
	}
	return took, nil
}
