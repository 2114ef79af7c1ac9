package standin

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	// longestStem leaves room for a number: the longest name of a world has 63 characters.
	longestStem = 50
	placeholder = "standin-world-name"
)

// A Server that runs on a free port of loopback. It ends with this process, also when that is killed.
type Server struct {
	// URL of the default world.
	URL string
	// AdminURL is the URL below which /__admin answers whatever scenarios do to connections.
	AdminURL string
	// AdminToken is what requests to /__admin have to send, as Authorization: Bearer TOKEN: no client changes the server.
	AdminToken string

	binary     string
	env        []string
	tls        bool
	process    *process
	worlds     atomic.Int64
	kubeconfig func() (string, error)
}

// servers are those that worlds share, by their options.
var servers = struct {
	sync.Mutex
	byOptions map[string]*Server
}{byOptions: map[string]*Server{}}

// Start gives a test a world of its own, until the test ends. The worlds of a process with the same options of the
// server share one, which the first of them starts.
func Start(t testing.TB, given ...Option) *World {
	t.Helper()
	options := read(given)
	server, err := shared(options.server)
	if err != nil {
		t.Fatalf("standin: %v", err)
	}
	return server.world(t, options)
}

func shared(options serverOptions) (*Server, error) {
	servers.Lock()
	defer servers.Unlock()
	key := options.key()
	if server := servers.byOptions[key]; server != nil && server.process.isRunning() {
		return server, nil
	}
	server, err := startServer(options)
	if err == nil {
		servers.byOptions[key] = server
	}
	return server, err
}

// StartServer starts a server for one test, and stops it when the test ends. Most tests need a world alone: see [Start].
func StartServer(t testing.TB, given ...Option) *Server {
	t.Helper()
	server, err := NewServer(given...)
	if err != nil {
		t.Fatalf("standin: %v", err)
	}
	t.Cleanup(server.Stop)
	return server
}

// NewServer starts a server outside of tests, such as in TestMain.
func NewServer(given ...Option) (*Server, error) {
	options := read(given)
	if len(options.scenarios) > 0 || options.seed != nil || options.problem != nil {
		return nil, errors.New("Scenario and Seed are options of a world; ServerScenario is that of a server")
	}
	return startServer(options.server)
}

func startServer(options serverOptions) (*Server, error) {
	binary, err := FindBinary(options.binary)
	if err != nil {
		return nil, err
	}
	command := []string{binary, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}
	command = append(command, "--graded", "--verbose", "--grace", "1")
	for _, path := range options.fixtures {
		command = append(command, "--fixtures", path)
	}
	for _, name := range options.scenarios {
		command = append(command, "--scenario", name)
	}
	if options.tls {
		command = append(command, "--tls")
	}
	token := os.Getenv("STANDIN_ADMIN_TOKEN")
	if token == "" {
		if token, err = newToken(); err != nil {
			return nil, err
		}
	}
	env := environment(token)
	process, err := startProcess(append(command, options.args...), options.startTimeout, env)
	if err != nil {
		return nil, err
	}
	server := &Server{
		URL: process.output.url, AdminURL: process.output.adminURL, AdminToken: token,
		binary: binary, env: env, tls: options.tls, process: process,
	}
	server.kubeconfig = sync.OnceValues(func() (string, error) {
		return server.run("kubeconfig", server.URL, "--world", placeholder)
	})
	return server, nil
}

// World makes a world for a test: the server as it was at its start. Options of the server do not apply.
func (server *Server) World(t testing.TB, given ...Option) *World {
	t.Helper()
	return server.world(t, read(given))
}

// DefaultWorld returns the world of requests that name none. Scenarios about connections apply in it.
func (server *Server) DefaultWorld(t testing.TB) *World {
	t.Helper()
	return server.prepare(t, "default", server.URL)
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

func (server *Server) world(t testing.TB, options options) *World {
	t.Helper()
	if options.problem != nil {
		t.Fatalf("standin: %v", options.problem)
	}
	stem := strings.TrimLeft(notInNames.ReplaceAllString(t.Name(), "-"), "-_.")
	if stem == "" {
		stem = "test"
	}
	name := fmt.Sprintf("%s-%d", stem[:min(len(stem), longestStem)], server.worlds.Add(1))
	world := server.prepare(t, name, server.URL+"/worlds/"+name)
	own := "/__admin/worlds/" + world.Name
	if err := server.call("PUT", own, nil, nil); err != nil {
		t.Fatalf("standin: %v", server.explain(err))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("standin requests:\n%s", world.seen())
		}
		if server.process.isRunning() {
			if err := server.call("DELETE", own, nil, nil); err != nil {
				t.Errorf("standin: %v", err)
			}
		}
	})
	if len(options.scenarios) > 0 {
		world.setScenarios(options.scenarios, options.seed)
	}
	return world
}

// prepare writes the files of a world.
func (server *Server) prepare(t testing.TB, name, url string) *World {
	t.Helper()
	directory := t.TempDir()
	world := &World{
		Name: name, URL: url, Kubeconfig: filepath.Join(directory, "kubeconfig"),
		t: t, server: server, admin: "/worlds/" + name + "/__admin/",
	}
	text, err := server.kubeconfig()
	if err == nil {
		text = strings.ReplaceAll(text, server.URL+"/worlds/"+placeholder, url)
		err = os.WriteFile(world.Kubeconfig, []byte(text), 0o600)
	}
	if err == nil && server.tls {
		var ca string
		world.CA = filepath.Join(directory, "ca.pem")
		if err = server.call("GET", "/__admin/ca", nil, &ca); err == nil {
			err = os.WriteFile(world.CA, []byte(ca), 0o644)
		}
	}
	if err != nil {
		t.Fatalf("standin: %v", server.explain(err))
	}
	return world
}

// Output returns the end of what the server printed. STANDIN_LOGS=DIRECTORY keeps all of it in a file.
func (server *Server) Output() string { return server.process.output.String() }

// Stop stops the server. A second call does nothing.
func (server *Server) Stop() { server.process.stop() }

// run runs a command of the program, and returns what it printed, also where that fails.
func (server *Server) run(args ...string) (string, error) {
	var errors strings.Builder
	command := exec.Command(server.binary, args...)
	command.Env = server.env
	command.Stderr = &errors
	text, err := command.Output()
	if err != nil {
		err = fmt.Errorf("standin %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errors.String()))
	}
	return string(text), err
}

// explain adds the server's output to an error of a server that has ended.
func (server *Server) explain(err error) error {
	if server.process.isRunning() {
		return err
	}
	return fmt.Errorf("%w: %w\noutput:\n%s", errEnded, err, server.Output())
}
