// perf WHAT [FLAG..]: how many writes a second, and how long until others see them.
//
//	perf etcd   puts into etcd, as `etcdctl check perf` makes them, as fast as they go
//	perf http   objects of the same size, replaced at an API server (-url, by turns where there are several)
//	perf event  objects written at the first URL, and the events of them at the last: the time from the answer to the event
//
// It prints a line: what, how many a second, and quantiles of the latency in milliseconds.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const maps = "/api/v1/namespaces/default/configmaps"

var (
	flags    = flag.NewFlagSet("perf", flag.ExitOnError)
	urls     = flags.String("url", "", "comma-separated URLs of servers, or host:port of etcd")
	clients  = flags.Int("clients", 32, "concurrent clients")
	duration = flags.Duration("time", 5*time.Second, "how long")
	size     = flags.Int("size", 1024, "bytes of a value")
	watchers = flags.Int("watchers", 0, "connections that watch all that is put into etcd, as servers do")
	token    = flags.String("token", "admin-token", "bearer token")
)

var transport = &http.Transport{
	MaxIdleConnsPerHost: 256,
	TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
	TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
}

func ask(method, url string, body any) (int, map[string]any, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+*token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil, err
	}
	var value map[string]any
	return answer.StatusCode, value, json.Unmarshal(text, &value)
}

func object(name, text string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "default"},
		"data":     map[string]any{"text": text},
	}
}

// make creates an object, or leaves the one that is there.
func create(url, name string) {
	status, answer, err := ask("POST", url+maps, object(name, ""))
	if err != nil || status != 201 && status != 409 {
		log.Fatalf("%s: %d %v %v", url, status, answer, err)
	}
}

// load runs a step with each client until the time is over.
func load(what string, step func(client, n int) error) {
	var (
		wait  sync.WaitGroup
		lock  sync.Mutex
		took  []time.Duration
		begin = time.Now()
	)
	for client := range *clients {
		wait.Go(func() {
			var mine []time.Duration
			for n := 0; time.Since(begin) < *duration; n++ {
				start := time.Now()
				if err := step(client, n); err != nil {
					log.Fatal(err)
				}
				mine = append(mine, time.Since(start))
			}
			lock.Lock()
			took = append(took, mine...)
			lock.Unlock()
		})
	}
	wait.Wait()
	rate := float64(len(took)) / time.Since(begin).Seconds()
	fmt.Printf("%-24s %8.0f/s   %s\n", what, rate, quantiles(took))
}

func quantiles(of []time.Duration) string {
	slices.Sort(of)
	at := func(share float64) float64 {
		return float64(of[min(len(of)-1, int(share*float64(len(of))))].Microseconds()) / 1000
	}
	return fmt.Sprintf("p50 %.2f ms  p99 %.2f ms", at(0.5), at(0.99))
}

func etcd(name string) {
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(*urls, ","), DialTimeout: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	var events atomic.Int64
	for range *watchers {
		watcher, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(*urls, ","), DialTimeout: 5 * time.Second})
		if err != nil {
			log.Fatal(err)
		}
		defer watcher.Close()
		go func() {
			for answer := range watcher.Watch(context.Background(), "/perf/", clientv3.WithPrefix()) {
				events.Add(int64(len(answer.Events)))
			}
		}()
	}
	text := strings.Repeat("x", *size)
	load(name, func(number, n int) error {
		_, err := client.Put(context.Background(), fmt.Sprintf("/perf/%d/%d", number, n%10), text)
		return err
	})
	if *watchers > 0 {
		fmt.Printf("%-24s %8.0f/s to %d watchers\n", "", float64(events.Load())/duration.Seconds(), *watchers)
	}
}

func overHTTP(name string) {
	all := strings.Split(*urls, ",")
	for client := range *clients {
		create(all[0], fmt.Sprintf("perf-%d", client))
	}
	text := strings.Repeat("x", *size-16)
	load(name, func(client, n int) error {
		object := object(fmt.Sprintf("perf-%d", client), fmt.Sprintf("%016d%s", n, text))
		url := fmt.Sprintf("%s%s/perf-%d", all[(client+n)%len(all)], maps, client)
		status, answer, err := ask("PUT", url, object)
		if err == nil && status != 200 {
			err = fmt.Errorf("%d %v", status, answer)
		}
		return err
	})
}

func event(name string) {
	all := strings.Split(*urls, ",")
	writer, watched := all[0], all[len(all)-1]
	create(writer, "perf-event")
	request, err := http.NewRequest("GET", watched+maps+"?watch=1&fieldSelector=metadata.name%3Dperf-event", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+*token)
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		log.Fatal(err)
	}
	seen := make(chan time.Time, 1)
	go func() {
		lines := bufio.NewReaderSize(answer.Body, 1<<20)
		for {
			if _, err := lines.ReadBytes('\n'); err != nil {
				return
			}
			seen <- time.Now()
		}
	}()
	<-seen // what is there already
	var took []time.Duration
	for begin, n := time.Now(), 0; time.Since(begin) < *duration; n++ {
		status, value, err := ask("PUT", writer+maps+"/perf-event", object("perf-event", fmt.Sprint(n)))
		answered := time.Now()
		if err != nil || status != 200 {
			log.Fatal(status, value, err)
		}
		// An event that came before the answer took no time.
		took = append(took, max(0, (<-seen).Sub(answered)))
	}
	fmt.Printf("%-24s %8d     %s\n", name, len(took), quantiles(took))
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("perf etcd|http|event NAME -url URL[,URL..]")
	}
	what, name := os.Args[1], os.Args[2]
	if err := flags.Parse(os.Args[3:]); err != nil {
		log.Fatal(err)
	}
	switch what {
	case "etcd":
		etcd(name)
	case "http":
		overHTTP(name)
	case "event":
		event(name)
	default:
		log.Fatal("perf etcd|http|event")
	}
}
