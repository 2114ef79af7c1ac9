package standin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Envtest has the control planes that this test starts with controller-runtime's envtest be Standin's, with the given
// [Scenario], [ScenarioText], [Seed], [Fixtures] and [Binary]. It sets KUBEBUILDER_ASSETS until the test ends, and returns
// its value. As [testing.T.Setenv], it is not for parallel tests.
//
//	func TestReconciles(t *testing.T) {
//		standin.Envtest(t, standin.Scenario("conflicts"))
//		environment := &envtest.Environment{}
//		config, err := environment.Start()
//		...
//	}
func Envtest(t testing.TB, given ...Option) string {
	t.Helper()
	options := read(given)
	if options.problem != nil {
		t.Fatalf("standin: %v", options.problem)
	}
	binary, err := FindBinary(options.server.binary)
	if err != nil {
		t.Fatalf("standin: %v", err)
	}
	folder := t.TempDir()
	assets := filepath.Join(folder, "assets")
	if out, err := exec.Command(binary, "envtest", "--to", assets).CombinedOutput(); err != nil {
		t.Fatalf("standin: %s envtest: %v\n%s", binary, err, out)
	}
	// Each value of a variable is on a line of its own.
	scenarios := options.server.scenarios
	for _, scenario := range options.scenarios {
		name := scenario.name
		if scenario.text != "" {
			name = filepath.Join(folder, scenario.name+".yaml")
			if err := os.WriteFile(name, []byte(scenario.text), 0o600); err != nil {
				t.Fatalf("standin: %v", err)
			}
		}
		scenarios = append(scenarios, name)
	}
	t.Setenv("STANDIN_SCENARIO", strings.Join(scenarios, "\n"))
	t.Setenv("STANDIN_FIXTURES", strings.Join(options.server.fixtures, "\n"))
	if options.seed != nil {
		t.Setenv("STANDIN_SEED", strconv.FormatUint(*options.seed, 10))
	}
	t.Setenv("KUBEBUILDER_ASSETS", assets)
	return assets
}
