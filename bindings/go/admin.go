package standin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client makes the requests to the admin API, to which no scenario applies. Proxies of the environment are not for a
// server on loopback.
var client = &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: 30 * time.Second}

// call makes a request to a path of the admin URL, and reads the JSON of its answer into a value unless that is nil. A body that is no string is
// sent as JSON.
func (server *Server) call(method, path string, body, answer any) error {
	url := server.AdminURL + path
	text, err := bodyOf(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, url, strings.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+server.AdminToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, url, problems(response.Status, content))
	}
	if answer == nil {
		return nil
	}
	if text, ok := answer.(*string); ok {
		*text = string(content)
		return nil
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	return nil
}

func bodyOf(body any) (string, error) {
	switch body := body.(type) {
	case nil:
		return "", nil
	case string:
		return body, nil
	}
	text, err := json.Marshal(body)
	return string(text), err
}

// problems returns what the server says is wrong, a line for each problem.
func problems(status string, content []byte) string {
	var answer struct{ Errors []struct{ Title string } }
	if json.Unmarshal(content, &answer) != nil || len(answer.Errors) == 0 {
		return status + " " + string(bytes.TrimSpace(content))
	}
	lines := make([]string, 0, len(answer.Errors))
	for _, problem := range answer.Errors {
		lines = append(lines, problem.Title)
	}
	return strings.Join(lines, "\n")
}
