package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
)

// withToken gives each request the token, fetches one when the server refuses a request with 401, and
// repeats that request once.
func withToken(next http.RoundTripper) http.RoundTripper {
	return &tokenTransport{next: next}
}

type tokenTransport struct {
	next  http.RoundTripper
	mutex sync.Mutex
	token string
}

// RoundTrip sends a request, at most twice.
func (t *tokenTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	token := t.current()
	response, err := t.send(request, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	if request.Body != nil && request.GetBody == nil {
		return response, nil
	}
	fresh, err := t.refresh(token)
	if err != nil || fresh == "" {
		// The server's answer is more informative than a missing token.
		return response, err
	}
	_ = response.Body.Close()
	return t.send(request, fresh)
}

func (t *tokenTransport) send(request *http.Request, token string) (*http.Response, error) {
	// A transport must leave its caller's request as it is.
	request = request.Clone(request.Context())
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		request.Body = body
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return t.next.RoundTrip(request)
}

func (t *tokenTransport) current() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.token
}

// refresh fetches a token in place of the one that was refused, unless another request has done so
// in the meantime. There is no token if the server issues none.
func (t *tokenTransport) refresh(refused string) (string, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.token != refused {
		return t.token, nil
	}
	url := os.Getenv("STANDIN_URL") + "/v3/auth/tokens"
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusCreated:
		t.token = response.Header.Get("X-Subject-Token")
		if t.token == "" {
			return "", errors.New("the answer to a request for a token has none")
		}
		return t.token, nil
	case http.StatusNotFound:
		return "", nil
	default:
		return "", fmt.Errorf("a request for a token was answered with %s", response.Status)
	}
}
