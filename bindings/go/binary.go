package standin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// FindBinary returns the path of the program. It is name where that is not empty, else what the environment variable
// STANDIN names, else bin/standin-GOOS-GOARCH beside the source of this module, else the first standin in PATH.
// The error has the places where it looked.
func FindBinary(name string) (string, error) {
	for _, given := range []struct{ source, name string }{
		{"the option Binary", name},
		{"the environment variable STANDIN", os.Getenv("STANDIN")},
	} {
		if given.name == "" {
			continue
		}
		path, err := exec.LookPath(given.name)
		if err != nil {
			return "", fmt.Errorf("%s names %s, which is no program that can be run: %w", given.source, given.name, err)
		}
		return filepath.Abs(path)
	}
	bundled := bundledBinary()
	if path, err := exec.LookPath(bundled); err == nil {
		return path, nil
	}
	path, err := exec.LookPath("standin")
	if err != nil {
		return "", fmt.Errorf("the program standin is neither at %s nor in PATH; "+
			"put it there, or set the environment variable STANDIN to its path", bundled)
	}
	return filepath.Abs(path)
}

// bundledBinary returns where the program is that belongs to this module, whether or not it is there.
func bundledBinary() string {
	_, source, _, _ := runtime.Caller(0)
	name := fmt.Sprintf("standin-%s-%s", runtime.GOOS, runtime.GOARCH)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(source), "bin", name)
}
