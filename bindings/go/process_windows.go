package standin

import "os/exec"

func watched(command []string) *exec.Cmd { return exec.Command(command[0], command[1:]...) }

func terminate(child *exec.Cmd) { kill(child) }

func kill(child *exec.Cmd) {
	// It may have ended by itself.
	_ = child.Process.Kill()
}
