// Package standin starts Standin, a stand-in for an API server, for tests.
//
// [Start] gives a test a world of its own: a server with its own objects, scenarios, counters and clock. The worlds of
// a process share one server, which ends with the process.
//
//	func TestWaitsWhenThrottled(t *testing.T) {
//		world := standin.Start(t, standin.Scenario("throttling/burst"))
//		client.New(world.URL).ListJobs("kube-test")
//		world.AssertPassed(t)
//	}
package standin
