package standin

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// keptLines is how much of the server's output is kept for error messages.
	keptLines = 200
	// keptLine is the longest part of a line that is kept while its end has not come, in bytes.
	keptLine = 64 << 10
	// stopTimeout is how long the server may take to end; --grace has it end sooner.
	stopTimeout = 5 * time.Second
)

var (
	serving = regexp.MustCompile(`^standin serving on (\S+)`)
	admin   = regexp.MustCompile(`^standin: /__admin is (?:also )?on (\S+)`)
)

// process is a server as a child process that ends with this one.
type process struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	output  *output
	ended   chan struct{}
	stopped sync.Once
}

// newToken returns a token of the admin API.
func newToken() (string, error) {
	bytes := make([]byte, 24)
	if _, err := rand.Read(bytes); err != nil {
		return "", fmt.Errorf("a token of the admin API: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes), nil
}

// environment returns that of a server with a token of its admin API, which the command line would show to other users.
// What a world or a drill tells its client there is no option of another server.
func environment(token string) []string {
	left := []string{"STANDIN_ADMIN_TOKEN", "STANDIN_ADMIN_TOKEN_FILE"}
	if _, inWorld := os.LookupEnv("STANDIN_WORLD"); inWorld {
		left = append(left, "STANDIN_SCENARIO", "STANDIN_URL", "STANDIN_WORLD")
	}
	kept := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(left, name)
	})
	return append(kept, "STANDIN_ADMIN_TOKEN="+token)
}

// startProcess starts a server, and waits until it says where it serves.
func startProcess(command []string, timeout time.Duration, env []string) (*process, error) {
	// The system closes the pipe when this process ends, also when it is killed, and the server ends with it.
	child := exec.Command(command[0], append(command[1:], "--exit-with-stdin")...)
	child.Env = env
	separate(child)
	out, err := newOutput()
	if err != nil {
		return nil, err
	}
	child.Stdout, child.Stderr = out, out
	stdin, err := child.StdinPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be run: %w", command[0], err)
	}
	started := &process{command: child, stdin: stdin, output: out, ended: make(chan struct{})}
	go func() {
		// How it ended is in its state.
		_ = child.Wait()
		close(started.ended)
	}()
	var problem string
	select {
	case <-out.ready:
		return started, nil
	case <-started.ended:
		problem = fmt.Sprintf("ended with %s before it served", child.ProcessState)
	case <-time.After(timeout):
		problem = fmt.Sprintf("did not say where it serves within %s", timeout)
		started.stop()
	}
	shown := out.String()
	if shown == "" {
		shown = "(no output)"
	}
	return nil, fmt.Errorf("standin %s\ncommand: %s\noutput:\n%s", problem, strings.Join(command, " "), shown)
}

func (process *process) isRunning() bool {
	select {
	case <-process.ended:
		return false
	default:
		return true
	}
}

// stop stops the server, and waits for its end. A second call does nothing.
func (process *process) stop() {
	process.stopped.Do(func() {
		_ = process.stdin.Close()
		select {
		case <-process.ended:
		case <-time.After(stopTimeout):
			// It may have ended by itself.
			_ = process.command.Process.Kill()
			<-process.ended
		}
		process.output.close()
	})
}

// output keeps the end of what a server printed; with STANDIN_LOGS all of it goes to a file in that directory.
type output struct {
	ready chan struct{}

	mutex         sync.Mutex
	url, adminURL string
	lines         []string
	rest          []byte
	log           *os.File
}

func newOutput() (*output, error) {
	out := &output{ready: make(chan struct{})}
	directory := os.Getenv("STANDIN_LOGS")
	if directory == "" {
		return out, nil
	}
	err := os.MkdirAll(directory, 0o755)
	if err == nil {
		out.log, err = os.CreateTemp(directory, "standin-*.log")
	}
	if err != nil {
		return nil, fmt.Errorf("STANDIN_LOGS: %w", err)
	}
	return out, nil
}

// Write takes what the server printed.
func (output *output) Write(text []byte) (int, error) {
	output.mutex.Lock()
	defer output.mutex.Unlock()
	if output.log != nil {
		if _, err := output.log.Write(text); err != nil {
			return 0, fmt.Errorf("the log of standin in %s: %w", filepath.Dir(output.log.Name()), err)
		}
	}
	output.rest = append(output.rest, text...)
	for {
		line, rest, found := bytes.Cut(output.rest, []byte("\n"))
		if !found {
			break
		}
		output.add(string(line))
		output.rest = rest
	}
	output.rest = bytes.Clone(output.rest[max(0, len(output.rest)-keptLine):])
	return len(text), nil
}

func (output *output) add(line string) {
	if found := serving.FindStringSubmatch(line); found != nil && output.url == "" {
		output.url = found[1]
	}
	if found := admin.FindStringSubmatch(line); found != nil && output.adminURL == "" {
		output.adminURL = found[1]
		close(output.ready)
	}
	output.lines = append(output.lines, line)
	if len(output.lines) > keptLines {
		output.lines = output.lines[1:]
	}
}

func (output *output) String() string {
	output.mutex.Lock()
	defer output.mutex.Unlock()
	return strings.TrimSpace(strings.Join(output.lines, "\n") + "\n" + string(output.rest))
}

func (output *output) close() {
	output.mutex.Lock()
	defer output.mutex.Unlock()
	if output.log != nil {
		_ = output.log.Close()
		output.log = nil
	}
}

// errEnded is what a call to a server that has ended adds to its error.
var errEnded = errors.New("the server has ended")
