module standin

go 1.23
