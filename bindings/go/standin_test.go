package standin

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	list = "/apis/kubeflow.org/v1/namespaces/default/tfjobs"
	job  = `{"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "mine"}, "spec": {"tfReplicaSpecs": {}}}`
	// One refusal, after which a client has to wait for a second.
	refusedOnce = `
rules:
- id: refused
  match: {verb: list}
  steps: [{times: 1, then: {status: 429, retry_after: 1s}}]
  expect: {retry_after: honoured, recovers: required}
`
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return content(t, response)
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	status, _ := content(t, response)
	return status
}

func content(t *testing.T, response *http.Response) (int, string) {
	t.Helper()
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func want[T comparable](t *testing.T, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("got %v, want %v", got, wanted)
	}
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// written writes a file into a folder of its own. It can be run, too.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func items(t *testing.T, world *World) int {
	t.Helper()
	var list struct{ Items []json.RawMessage }
	_, text := get(t, world.URL+"/apis/kubeflow.org/v1/namespaces/default/tfjobs")
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

func TestWorldsDoNotSeeEachOther(t *testing.T) {
	one, two := Start(t), Start(t)
	want(t, one.server, two.server)
	want(t, post(t, one.URL+list, job), http.StatusCreated)
	want(t, items(t, one), 1)
	want(t, items(t, two), 0)
	requests := one.Requests()
	want(t, len(requests), 2)
	want(t, requests[0].Request.Method, "POST")
	want(t, len(two.Requests()), 1)
}

func TestParallelTestsDoNotSeeEachOther(t *testing.T) {
	for _, name := range []string{"first", "second", "third"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := Start(t)
			want(t, post(t, world.URL+list, job), http.StatusCreated)
			want(t, items(t, world), 1)
		})
	}
}

func TestAWorldEndsWithItsTest(t *testing.T) {
	var world *World
	t.Run("inner", func(t *testing.T) { world = Start(t) })
	if err := world.server.call("GET", "/__admin/worlds/"+world.Name, nil, nil); err == nil {
		t.Error("the world is still there")
	}
}

func TestAClientThatWaitsPasses(t *testing.T) {
	world := Start(t, ScenarioText("once", refusedOnce), Seed(7))
	world.Freeze()
	status, _ := get(t, world.URL+list)
	want(t, status, http.StatusTooManyRequests)
	world.Advance(1500 * time.Millisecond)
	status, _ = get(t, world.URL+list)
	want(t, status, http.StatusOK)
	want(t, world.Verdict().Passed, true)
	world.AssertPassed(t)
}

func TestScenariosCanBeChanged(t *testing.T) {
	path := written(t, "unavailable.yaml", "rules: [{id: down, match: {verb: list}, then: {status: 503}}]")
	world := Start(t)
	world.SetScenarios(Scenario(path))
	status, _ := get(t, world.URL+list)
	want(t, status, http.StatusServiceUnavailable)
	wantText(t, world.Requests()[0].String(), "GET "+list+" → 503 scenario unavailable/down")
	wantText(t, strings.Join(world.Env(), "\n"), "STANDIN_SCENARIO=unavailable\n")
	world.SetScenarios()
	world.Reset()
	status, _ = get(t, world.URL+list)
	want(t, status, http.StatusOK)
}

func TestTheEnvironmentLeadsToTheWorld(t *testing.T) {
	world := Start(t)
	world.Setenv()
	want(t, os.Getenv("STANDIN_URL"), world.URL)
	text, err := os.ReadFile(os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, string(text), "server: "+world.URL+"\n")
}

func TestAServerWithTLSHasACertificateToTrust(t *testing.T) {
	world := Start(t, TLS())
	pem, err := os.ReadFile(world.CA)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	response, err := client.Get(world.URL + list)
	if err != nil {
		t.Fatal(err)
	}
	status, _ := content(t, response)
	want(t, status, http.StatusOK)
}

func TestScenariosAboutConnectionsApplyToAServer(t *testing.T) {
	server := StartServer(t, ServerScenario(written(t, "closed.yaml", "listen: refuse\n")))
	_, err := http.Get(server.URL + list)
	if err == nil {
		t.Fatal("the server answers")
	}
	wantText(t, err.Error(), "refused")
	wantText(t, server.DefaultWorld(t).Report(), "closed    NOT MET")
}

func TestOwnFixturesAreServed(t *testing.T) {
	stub := "request: {method: GET, urlPath: /hello}\nresponse: {status: 418}\n"
	status, _ := get(t, StartServer(t, Fixtures(written(t, "hello.yaml", stub))).World(t).URL+"/hello")
	want(t, status, http.StatusTeapot)
}

func TestAMissingBinaryIsNamed(t *testing.T) {
	_, err := NewServer(Binary("/nowhere/standin"))
	wantText(t, err.Error(), "the option Binary names /nowhere/standin")
	t.Setenv("STANDIN", "/nowhere/standin")
	_, err = FindBinary("")
	wantText(t, err.Error(), "the environment variable STANDIN names /nowhere/standin")
	t.Setenv("STANDIN", "")
	t.Setenv("PATH", "/nowhere")
	_, err = FindBinary("")
	wantText(t, err.Error(), "neither at ", "bin/standin-", "nor in PATH")
}

func TestAProgramThatSaysNothingIsGivenUp(t *testing.T) {
	program := written(t, "silent", "#!/bin/sh\necho some words\nexec sleep 60\n")
	_, err := NewServer(Binary(program), StartTimeout(500*time.Millisecond))
	wantText(t, err.Error(), "did not say where it serves within 500ms", "some words")
}

func TestLogsAreKeptWhereTheyAreAskedFor(t *testing.T) {
	logs := filepath.Join(t.TempDir(), "logs")
	t.Setenv("STANDIN_LOGS", logs)
	server := StartServer(t)
	get(t, server.URL+list)
	server.Stop()
	server.Stop()
	files, err := filepath.Glob(filepath.Join(logs, "standin-*.log"))
	if err != nil || len(files) != 1 {
		t.Fatalf("logs: %v %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, string(text), "GET "+list+" → 200")
}

// sample runs tests of testdata/sample, and returns what they print.
func sample(t *testing.T, pattern string, env ...string) string {
	t.Helper()
	command := exec.Command("go", "test", "-count=1", "-v", "-run", "^("+pattern+")$", "./testdata/sample")
	command.Env = append(os.Environ(), env...)
	text, err := command.CombinedOutput()
	if err == nil {
		t.Errorf("the tests pass:\n%s", text)
	}
	return string(text)
}

func TestAClientThatMisbehavesFailsItsTestWithTheReportOfTheDrill(t *testing.T) {
	text := sample(t, "TestHasty|TestQuiet|TestAbsent|TestUnknownScenario|TestWrongFixtures")
	wantText(t, text,
		"--- FAIL: TestHasty", "the verdict of standin is FAILED",
		"ignored Retry-After 5 times: GET /apis/kubeflow.org/v1/tfjobs came back after",
		"standin requests:\n", "GET /apis/kubeflow.org/v1/tfjobs → 429 scenario burst/full",
		"--- PASS: TestQuiet",
		"--- FAIL: TestAbsent", "the verdict of standin is NOT MET", "no request matched",
		"--- FAIL: TestUnknownScenario", `no scenario "nope"`,
		"--- FAIL: TestWrongFixtures", "ended with exit status 3 before it served", "/nowhere/fixtures: there is no such",
	)
}

func TestAMissingBinaryFailsATestAtItsStart(t *testing.T) {
	text := sample(t, "TestQuiet", "STANDIN=/nowhere/standin")
	wantText(t, text, "--- FAIL: TestQuiet", "the environment variable STANDIN names /nowhere/standin")
}

// TestMain also is the process that is killed in the next test.
func TestMain(m *testing.M) {
	if os.Getenv("STANDIN_TEST_CHILD") != "" {
		server, err := NewServer()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(os.Stdout, server.URL+"\n")
		time.Sleep(time.Minute)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestTheServerEndsWithAProcessThatIsKilled(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(program)
	child.Env = append(os.Environ(), "STANDIN_TEST_CHILD=1")
	stdout, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var url bytes.Buffer
	for !strings.HasSuffix(url.String(), "\n") {
		if _, err := io.CopyN(&url, stdout, 1); err != nil {
			t.Fatal(err)
		}
	}
	health := strings.TrimSpace(url.String()) + "/__admin/health"
	status, _ := get(t, health)
	want(t, status, http.StatusOK)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	// The limit is generous: it only ends a test that fails.
	for range 1000 {
		response, err := http.Get(health)
		if err != nil {
			return
		}
		response.Body.Close()
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the server goes on")
}

func TestEnvtestStartsThisProgramWithItsScenarios(t *testing.T) {
	certificates := t.TempDir()
	tokens := filepath.Join(certificates, "tokens.csv")
	if err := os.WriteFile(tokens, []byte("a-token,jane,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(certificates, "sa.key")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	assets := Envtest(t, ScenarioText("down", "rules: [{id: down, then: {status: 503}}]"), Seed(7))
	want(t, os.Getenv("KUBEBUILDER_ASSETS"), assets)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	server := exec.Command(filepath.Join(assets, "kube-apiserver"), "--etcd-servers=http://127.0.0.1:1",
		"--service-account-issuer=https://a", "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port), "--cert-dir="+certificates, "--token-auth-file="+tokens)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	request, err := http.NewRequest("GET", fmt.Sprintf("https://127.0.0.1:%d/api/v1/pods", port), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer a-token")
	for deadline := time.Now().Add(30 * time.Second); ; {
		response, err := client.Do(request)
		if err == nil {
			status, _ := content(t, response)
			want(t, status, 503)
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
