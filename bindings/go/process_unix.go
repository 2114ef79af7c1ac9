//go:build !windows

package standin

import (
	"os/exec"
	"syscall"
)

// separate keeps an interrupt from the terminal from the server: it ends this process first, and the server with it.
func separate(child *exec.Cmd) {
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
