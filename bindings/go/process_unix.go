//go:build !windows

package standin

import (
	"os/exec"
	"syscall"
)

// watch runs the server, and stops it at the first line or the end of standard input. The kernel closes that pipe when
// this process ends, also when it is killed.
const watch = `
exec 3<&0
"$@" 3<&- </dev/null 2>&1 & server=$!
{ read -r _; kill "$server"; } <&3 >/dev/null 2>&1 & watcher=$!
exec 3<&-
wait "$server"; status=$?
kill "$watcher" 2>/dev/null
exit "$status"
`

func watched(command []string) *exec.Cmd {
	child := exec.Command("/bin/sh", append([]string{"-c", watch, "standin"}, command...)...)
	// An interrupt from the terminal ends this process first, and the server with it.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return child
}

func terminate(*exec.Cmd) {}

func kill(child *exec.Cmd) {
	// The group may have ended by itself.
	_ = syscall.Kill(-child.Process.Pid, syscall.SIGKILL)
}
