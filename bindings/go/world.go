package standin

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A World is a server of its own for one test: objects, scenarios, counters, tokens and clock. Its methods end the
// test if the server refuses what they ask for.
type World struct {
	Name string
	// URL is what clients use as the URL of the server.
	URL string
	// Kubeconfig is the path of a kubeconfig file.
	Kubeconfig string
	// CA is the path of the CA's certificate, of a server with TLS.
	CA string

	t         testing.TB
	server    *Server
	admin     string
	scenarios []string
}

// A Request that a world has seen, with the parts of WireMock's serve event that tests ask for.
type Request struct {
	Request struct {
		Method  string         `json:"method"`
		URL     string         `json:"url"`
		Headers map[string]any `json:"headers"`
		Body    string         `json:"body"`
		Standin struct {
			AnsweredBy string `json:"answeredBy"`
			ID         string `json:"id"`
			Fault      string `json:"fault"`
		} `json:"standin"`
	} `json:"request"`
	Response struct {
		Status  int            `json:"status"`
		Headers map[string]any `json:"headers"`
		Body    string         `json:"body"`
	} `json:"response"`
	WasMatched bool `json:"wasMatched"`
}

// String has the method, the URL, the status, and what answered.
func (request Request) String() string {
	own := request.Request.Standin
	text := fmt.Sprintf("%s %s → %d %s %s", request.Request.Method, request.Request.URL, request.Response.Status,
		own.AnsweredBy, own.ID)
	if own.Fault != "" {
		text += " fault=" + own.Fault
	}
	return strings.TrimSpace(text)
}

// A Verdict on the clients of a world.
type Verdict struct {
	// Verdict is passed, not_met, failed or broken.
	Verdict  string    `json:"verdict"`
	Passed   bool      `json:"passed"`
	Requests int       `json:"requests"`
	Findings []Finding `json:"findings"`
}

// A Finding is a mistake of a client, or a fault that it did not meet.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Fails   bool   `json:"fails"`
	Rule    string `json:"rule"`
}

// Env returns the environment variables that a drill sets for a client, as [os/exec.Cmd] takes them.
func (world *World) Env() []string {
	env := []string{
		"STANDIN_URL=" + world.URL,
		"STANDIN_WORLD=" + world.Name,
		"STANDIN_SCENARIO=" + strings.Join(world.scenarios, " "),
		"KUBECONFIG=" + world.Kubeconfig,
		"NO_PROXY=127.0.0.1,localhost",
		"no_proxy=127.0.0.1,localhost",
	}
	if world.CA != "" {
		env = append(env, "STANDIN_CA="+world.CA)
	}
	return env
}

// Setenv sets these variables until the test ends. Tests that run in parallel cannot use it.
func (world *World) Setenv() {
	world.t.Helper()
	for _, variable := range world.Env() {
		name, value, _ := strings.Cut(variable, "=")
		world.t.Setenv(name, value)
	}
}

// Admin calls an endpoint of the admin API for this world, such as ("POST", "clock/freeze"). A body that is no string
// is sent as JSON; the answer is read into a value unless that is nil.
func (world *World) Admin(method, path string, body, answer any) {
	world.t.Helper()
	if err := world.server.call(method, world.admin+path, body, answer); err != nil {
		world.t.Fatalf("standin: %v", world.server.explain(err))
	}
}

// SetScenarios replaces the scenarios, by [Scenario], [ScenarioText] and [Seed].
func (world *World) SetScenarios(given ...Option) {
	world.t.Helper()
	options := read(given)
	if options.problem != nil {
		world.t.Fatalf("standin: %v", options.problem)
	}
	world.setScenarios(options.scenarios, options.seed)
}

func (world *World) setScenarios(scenarios []scenario, seed *uint64) {
	world.t.Helper()
	embedded := []string{}
	world.scenarios = nil
	for _, scenario := range scenarios {
		world.scenarios = append(world.scenarios, scenario.name)
		if scenario.text == "" {
			embedded = append(embedded, scenario.name)
		}
	}
	world.Admin("PUT", "standin/scenarios", map[string]any{"scenarios": embedded, "seed": seed}, nil)
	for _, scenario := range scenarios {
		if scenario.text != "" {
			world.Admin("PUT", "scenarios/"+scenario.name, scenario.text, nil)
		}
	}
}

// Requests returns the requests in the order in which they came.
func (world *World) Requests() []Request {
	world.t.Helper()
	requests, err := world.requests()
	if err != nil {
		world.t.Fatalf("standin: %v", world.server.explain(err))
	}
	return requests
}

func (world *World) requests() ([]Request, error) {
	var answer struct{ Requests []Request }
	err := world.server.call("GET", world.admin+"requests", nil, &answer)
	slices.Reverse(answer.Requests)
	return answer.Requests, err
}

// seen returns a line for each request; where the server has ended, what it printed.
func (world *World) seen() string {
	requests, err := world.requests()
	if err != nil {
		return world.server.explain(err).Error()
	}
	if len(requests) == 0 {
		return "(none)"
	}
	lines := make([]string, 0, len(requests))
	for _, request := range requests {
		lines = append(lines, request.String())
	}
	return strings.Join(lines, "\n")
}

// Advance moves the clock forward.
func (world *World) Advance(by time.Duration) {
	world.t.Helper()
	world.Admin("POST", "clock/advance", map[string]string{"by": fmt.Sprintf("%dms", by.Milliseconds())}, nil)
}

// Freeze stops the clock.
func (world *World) Freeze() {
	world.t.Helper()
	world.Admin("POST", "clock/freeze", nil, nil)
}

// Release lets the clock run again.
func (world *World) Release() {
	world.t.Helper()
	world.Admin("POST", "clock/release", nil, nil)
}

// Reset brings the world back to the fixtures: objects, counters, tokens and clock.
func (world *World) Reset() {
	world.t.Helper()
	world.Admin("POST", "reset", nil, nil)
}

// Verdict returns the verdict on the clients of this world.
func (world *World) Verdict() Verdict {
	world.t.Helper()
	var verdict Verdict
	world.Admin("GET", "verdict", nil, &verdict)
	return verdict
}

// Report returns the verdict as a drill prints it, with the timeline of the requests.
func (world *World) Report() string {
	// The exit code is the verdict.
	text, err := world.server.run("verdict", "--timeline", world.server.AdminURL+"/worlds/"+world.Name)
	if text == "" && err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text)
}

// AssertPassed fails the test with the report of the drill, unless the verdict is passed.
func (world *World) AssertPassed(t testing.TB) {
	t.Helper()
	world.assert(t, "passed")
}

// AssertNotFailed is AssertPassed that also accepts clients that did not meet the faults of the scenarios.
func (world *World) AssertNotFailed(t testing.TB) {
	t.Helper()
	world.assert(t, "passed", "not_met")
}

func (world *World) assert(t testing.TB, accepted ...string) {
	t.Helper()
	verdict := world.Verdict().Verdict
	if !slices.Contains(accepted, verdict) {
		word := strings.ToUpper(strings.ReplaceAll(verdict, "_", " "))
		t.Errorf("the verdict of standin is %s\n%s", word, world.Report())
	}
}
