module standin-wiremock-client

go 1.24.0

require github.com/wiremock/go-wiremock v1.15.0

require github.com/google/uuid v1.6.0 // indirect
