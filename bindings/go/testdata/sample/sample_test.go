// Package sample has tests that fail as they should: the tests of the module run them, and look at what they print.
package sample

import (
	"net/http"
	"testing"

	"standin"
)

func fetch(t *testing.T, world *standin.World) int {
	t.Helper()
	response, err := http.Get(world.URL + "/apis/kubeflow.org/v1/tfjobs")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestHasty(t *testing.T) {
	t.Parallel()
	world := standin.Start(t, standin.Scenario("throttling/burst"))
	// However slow this machine is, no time passes for the client.
	world.Freeze()
	for range 6 {
		fetch(t, world)
	}
	world.AssertPassed(t)
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	world := standin.Start(t)
	if got := fetch(t, world); got != http.StatusOK {
		t.Errorf("answered with %d", got)
	}
}

func TestAbsent(t *testing.T) {
	standin.Start(t, standin.Scenario("throttling/burst")).AssertPassed(t)
}

func TestUnknownScenario(t *testing.T) {
	standin.Start(t, standin.Scenario("nope"))
}

func TestWrongFixtures(t *testing.T) {
	standin.Start(t, standin.Fixtures("/nowhere/fixtures"))
}
