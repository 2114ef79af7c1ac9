package standin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An Option of a server or of a world.
type Option func(*options)

// serverOptions are those of a server. Worlds with the same ones share a server.
type serverOptions struct {
	binary       string
	fixtures     []string
	scenarios    []string
	args         []string
	tls          bool
	startTimeout time.Duration
}

func (options serverOptions) key() string {
	// Where STANDIN leads elsewhere, it is another server.
	return fmt.Sprintf("%q %#v", os.Getenv("STANDIN"), options)
}

type scenario struct{ name, text string }

type options struct {
	server    serverOptions
	scenarios []scenario
	seed      *uint64
	problem   error
}

func read(given []Option) options {
	read := options{server: serverOptions{startTimeout: 10 * time.Second}}
	for _, option := range given {
		option(&read)
	}
	return read
}

// Scenario turns scenarios on in a world: names of embedded ones, or files (.yaml, .yml, .json).
func Scenario(scenarios ...string) Option {
	return func(options *options) {
		for _, name := range scenarios {
			found := scenario{name: name}
			switch suffix := filepath.Ext(name); suffix {
			case ".yaml", ".yml", ".json":
				text, err := os.ReadFile(name)
				if err != nil {
					options.problem = fmt.Errorf("the scenario: %w", err)
					return
				}
				found = scenario{strings.TrimSuffix(filepath.Base(name), suffix), string(text)}
			}
			options.scenarios = append(options.scenarios, found)
		}
	}
}

// ScenarioText turns a scenario on in a world that is written in the test, as YAML or JSON.
func ScenarioText(name, text string) Option {
	return func(options *options) { options.scenarios = append(options.scenarios, scenario{name, text}) }
}

// Seed sets the seed of all random draws in a world with a scenario. Default: that of the scenarios.
func Seed(seed uint64) Option {
	return func(options *options) { options.seed = &seed }
}

// Fixtures sets the fixture files or directories of a server. Default: the embedded fixtures.
func Fixtures(paths ...string) Option {
	return func(options *options) { options.server.fixtures = append(options.server.fixtures, paths...) }
}

// ServerScenario turns scenarios on in all worlds of a server: names or files. Those that say how connections are
// treated apply to its default world.
func ServerScenario(scenarios ...string) Option {
	return func(options *options) { options.server.scenarios = append(options.server.scenarios, scenarios...) }
}

// TLS serves HTTPS with a CA of its own, whose certificate is in the file [World.CA].
func TLS() Option {
	return func(options *options) { options.server.tls = true }
}

// Args adds options of `standin serve`.
func Args(args ...string) Option {
	return func(options *options) { options.server.args = append(options.server.args, args...) }
}

// Binary names the program. Default: see [FindBinary].
func Binary(path string) Option {
	return func(options *options) { options.server.binary = path }
}

// StartTimeout sets how long a server may take to say where it serves. Default: ten seconds.
func StartTimeout(timeout time.Duration) Option {
	return func(options *options) { options.server.startTimeout = timeout }
}
