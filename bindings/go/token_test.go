package standin

import (
	"net/http"
	"testing"
)

func TestTheAdminAPINeedsTheTokenOfTheServer(t *testing.T) {
	server := StartServer(t)
	status, _ := get(t, server.AdminURL+"/__admin/worlds")
	want(t, status, http.StatusUnauthorized)
	status, _ = get(t, server.AdminURL+"/__admin/health")
	want(t, status, http.StatusOK)
	request, err := http.NewRequest("GET", server.AdminURL+"/__admin/worlds", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+server.AdminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	status, _ = content(t, response)
	want(t, status, http.StatusOK)
}

func TestTheEnvironmentNamesTheToken(t *testing.T) {
	t.Setenv("STANDIN_ADMIN_TOKEN", "of-the-environment")
	t.Setenv("STANDIN_ADMIN_TOKEN_FILE", "/nowhere")
	server := StartServer(t)
	want(t, server.AdminToken, "of-the-environment")
	wantText(t, server.World(t, ScenarioText("once", refusedOnce)).Report(), "NOT MET")
}

func TestWhatAWorldTellsItsClientIsNoOptionOfAnotherServer(t *testing.T) {
	Start(t).Setenv()
	t.Setenv("STANDIN_SCENARIO", "network/refused")
	status, _ := get(t, StartServer(t).URL+list)
	want(t, status, http.StatusOK)
}
