// A rig session with go-wiremock.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/wiremock/go-wiremock"
)

var url = os.Getenv("WIREMOCK_URL")

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(holds bool, what string, about ...any) {
	if !holds {
		must(fmt.Errorf("%s: %v", what, about))
	}
}

func send(method, path, body string, headers ...string) (int, string, error) {
	request, err := http.NewRequest(method, url+path, strings.NewReader(body))
	must(err)
	for at := 0; at+1 < len(headers); at += 2 {
		request.Header.Set(headers[at], headers[at+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

func main() {
	if file := os.Getenv("WIREMOCK_CA"); file != "" {
		pem, err := os.ReadFile(file)
		must(err)
		pool := x509.NewCertPool()
		check(pool.AppendCertsFromPEM(pem), "the CA file has no certificate")
		http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	client := wiremock.NewClient(url)
	must(client.Reset())
	must(client.Clear())

	order := wiremock.Post(wiremock.URLPathTemplate("/orders/{id}")).
		WithPathParam("id", wiremock.Matching("[0-9]+")).
		WithQueryParam("view", wiremock.EqualTo("full").Or(wiremock.Absent())).
		WithHeader("X-Client", wiremock.Contains("rig").And(wiremock.StartsWith("the"))).
		WithBearerToken(wiremock.EqualTo("token")).
		WithBodyPattern(wiremock.EqualToJson(`{"item": "book"}`, wiremock.IgnoreExtraElements)).
		WillReturnResponse(wiremock.NewResponse().WithStatus(201).
			WithJSONBody(map[string]any{"ok": true}).WithHeader("X-A", "b").
			WithFixedDelay(10 * time.Millisecond)).
		AtPriority(2)
	must(client.StubFor(order))
	headers := []string{"X-Client", "the rig", "Authorization", "Bearer token"}
	status, text, err := send("POST", "/orders/7?view=full", `{"item": "book", "n": 1}`, headers...)
	must(err)
	check(status == 201 && text == `{"ok":true}`, "the order", status, text)
	status, _, _ = send("POST", "/orders/x", `{"item": "book"}`, headers...)
	check(status == 404, "no match", status)

	right, err := client.Verify(order.Request(), 1)
	must(err)
	check(right, "one order")
	all, err := client.GetAllRequests()
	must(err)
	check(len(all.Requests) == 2, "all requests", all)
	one, err := client.GetRequestByID(all.Requests[0].ID)
	must(err)
	check(!one.WasMatched, "the newest is the one without a match", one)
	found, err := client.FindRequestsByCriteria(wiremock.NewRequest("POST", wiremock.URLPathMatching("/orders/.*")))
	must(err)
	check(len(found.Requests) == 2, "found", found)
	unmatched, err := client.FindUnmatchedRequests()
	must(err)
	check(len(unmatched.Requests) == 1, "unmatched", unmatched)
	must(client.DeleteRequestByID(all.Requests[0].ID))
	_, err = client.DeleteRequestsByCriteria(wiremock.NewRequest("POST", wiremock.URLPathMatching("/orders/.*")))
	must(err)
	count, err := client.GetCountRequests(wiremock.NewRequest("ANY", wiremock.URLPathMatching(".*")))
	must(err)
	check(count == 0, "nothing is left", count)

	for _, turn := range [][3]string{{"Started", "two", "one"}, {"two", "Started", "two"}} {
		must(client.StubFor(wiremock.Get(wiremock.URLEqualTo("/turn")).InScenario("turns").
			WhenScenarioStateIs(turn[0]).WillSetStateTo(turn[1]).
			WillReturnResponse(wiremock.OK().WithBody(turn[2]))))
	}
	for at, wanted := range []string{"one", "two", "one"} {
		_, text, err = send("GET", "/turn", "")
		must(err)
		check(text == wanted, "turn", at, text)
	}
	must(client.ResetAllScenarios())
	_, text, _ = send("GET", "/turn", "")
	check(text == "one", "reset", text)

	must(client.StubFor(wiremock.Get(wiremock.URLEqualTo("/broken")).
		WillReturnResponse(wiremock.NewResponse().WithFault(wiremock.FaultConnectionResetByPeer))))
	_, _, err = send("GET", "/broken", "")
	check(err != nil, "a reset connection")
	must(client.StubFor(wiremock.Get(wiremock.URLPathEqualTo("/echo")).
		WillReturnResponse(wiremock.OK().WithBody("{{request.query.q}} {{parameters.p}}").
			WithTransformers("response-template").WithTransformerParameter("p", "v"))))
	_, text, err = send("GET", "/echo?q=a", "")
	must(err)
	check(text == "a v", "template", text)

	must(client.StartRecording(os.Getenv("WIREMOCK_HTTP") + "/__admin"))
	status, _, _ = send("GET", "/version", "")
	check(status == 200, "proxied", status)
	must(client.StopRecording())
	status, _, _ = send("GET", "/version", "")
	check(status == 200, "replayed", status)

	must(client.DeleteStub(order))
	must(client.Reset())
	must(client.Clear())
	must(client.DeleteAllRequests())
	fmt.Println("go-wiremock 1.15.0")
}
