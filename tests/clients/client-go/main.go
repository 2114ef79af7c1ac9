// Package main does with client-go what controllers do, and fails when anything comes out otherwise.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// The three job types.
var (
	tfjobs  = schema.GroupVersionResource{Group: "kubeflow.org", Version: "v1", Resource: "tfjobs"}
	mpijobs = schema.GroupVersionResource{Group: "kubeflow.org", Version: "v1alpha2", Resource: "mpijobs"}
	vcjobs  = schema.GroupVersionResource{Group: "batch.volcano.sh", Version: "v1alpha1", Resource: "jobs"}
	kinds   = map[schema.GroupVersionResource]string{tfjobs: "TFJob", mpijobs: "MPIJob", vcjobs: "Job"}
)

// cluster is the server, as this program reaches it.
type cluster struct {
	config  *rest.Config
	dynamic dynamic.Interface
	typed   kubernetes.Interface
	wire    *wire
}

// wire holds the connections of a config, to cut them as a network does.
type wire struct {
	mutex sync.Mutex
	open  []net.Conn
	down  bool
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mutex.Lock()
	down := w.down
	w.mutex.Unlock()
	if down {
		// A reflector keeps its revision for this error alone.
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil {
		w.mutex.Lock()
		w.open = append(w.open, conn)
		w.mutex.Unlock()
	}
	return conn, err
}

func (w *wire) cut() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.down = true
	for _, conn := range w.open {
		_ = conn.Close()
	}
	w.open = nil
}

func (w *wire) mend() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.down = false
}

func connect() *cluster {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	check(err, "reading the kubeconfig")
	config.QPS = -1
	w := &wire{}
	config.Dial = w.dial
	c := &cluster{config: config, wire: w}
	c.dynamic, err = dynamic.NewForConfig(config)
	check(err, "making a dynamic client")
	c.typed, err = kubernetes.NewForConfig(config)
	check(err, "making a typed client")
	return c
}

// exchange is a line of the server's journal.
type exchange struct {
	Method string
	URL    string
	Status int
}

// serveEvent is an exchange as the journal shows it: WireMock's shape.
type serveEvent struct {
	Request struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	} `json:"request"`
	Response struct {
		Status int `json:"status"`
	} `json:"response"`
}

// admin asks the world's admin API, which no scenario and no token touches.
func (c *cluster) admin(method, path, body string, into any) {
	client, err := rest.HTTPClientFor(c.config)
	check(err, "making a client of the admin API")
	request, err := http.NewRequest(method, os.Getenv("STANDIN_URL")+"/__admin"+path, strings.NewReader(body))
	check(err, path)
	response, err := client.Do(request)
	check(err, path)
	defer response.Body.Close()
	expect(response.StatusCode == http.StatusOK, "%s answered %d", path, response.StatusCode)
	if into != nil {
		check(json.NewDecoder(response.Body).Decode(into), path)
	}
}

// asked counts the exchanges that fit.
func (c *cluster) asked(fits func(exchange) bool) int {
	var journal struct {
		Requests []serveEvent `json:"requests"`
	}
	c.admin(http.MethodGet, "/requests", "", &journal)
	count := 0
	for _, event := range journal.Requests {
		if fits(exchange{event.Request.Method, event.Request.URL, event.Response.Status}) {
			count++
		}
	}
	return count
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

func expect(holds bool, format string, args ...any) {
	if !holds {
		fail(format, args...)
	}
}

// eventually waits for what has to come to pass.
func eventually(what string, holds func() bool) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	fail("%s did not come to pass within 30 s", what)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Second)
	defer cancel()
	go func() {
		<-ctx.Done()
		if ctx.Err() == context.DeadlineExceeded {
			fail("not done within 200 s")
		}
	}()
	for _, name := range []string{namespace, "pages"} {
		object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		_, err := connect().typed.CoreV1().Namespaces().Create(ctx, object, metav1.CreateOptions{})
		check(err, "creating a namespace")
	}
	for _, part := range []struct {
		name string
		run  func(context.Context, *cluster)
	}{
		{"discovery", discover},
		{"informers", informers},
		{"pager", page},
		{"leader election", elect},
		{"server-side apply", apply},
		{"retry on conflict", retryOnConflict},
	} {
		begun := time.Now()
		part.run(ctx, connect())
		fmt.Printf("ok: %s (%s)\n", part.name, time.Since(begun).Round(time.Millisecond))
	}
}
