# A static binary in an empty image, for linux/amd64 and linux/arm64. Both are built on the machine's own architecture:
#   docker build -t standin .
#   docker buildx build --platform linux/amd64,linux/arm64 -t standin .
#   docker run --rm -p 8080:8080 -v ./fixtures:/fixtures:ro standin
# The stage `build` makes the tree /out; `--build-context build=DIRECTORY` takes one that is made already.
FROM --platform=$BUILDPLATFORM rust:1-bookworm AS build
# The C compiler of this architecture, and that of the other one.
RUN case "$(dpkg --print-architecture)" in \
        amd64) other="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;; \
        *) other="gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;; \
    esac \
    && apt-get update && apt-get install --yes --no-install-recommends ca-certificates musl-tools $other \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
ARG TARGETARCH
ARG REVISION=""
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build/target \
    STANDIN_BUILD_COMMIT="$REVISION" .ci/container-root "$(.ci/static-binary "$TARGETARCH")" /out

FROM scratch
ARG VERSION="0.1.0"
ARG REVISION=""
LABEL org.opencontainers.image.title="Standin" \
      org.opencontainers.image.description="A stand-in for an API server in tests: fixtures, scenarios of what goes wrong, recording." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# The tree belongs to the user that the program runs as: a recording can be written to its volume.
COPY --from=build --chown=65534:65534 /out/ /
USER 65534:65534
# All addresses: nothing outside of a container reaches its loopback, and its network is the boundary. The mounts of WireMock's image are
# served too, and its options are understood: docker run standin --verbose --global-response-templating
ENV STANDIN_LISTEN=0.0.0.0:8080 \
    STANDIN_BIND_ADDRESS=0.0.0.0 \
    STANDIN_FIXTURES_IF_PRESENT=/fixtures,/home/wiremock
WORKDIR /home/wiremock
VOLUME ["/fixtures", "/scenarios", "/recordings", "/home/wiremock"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=3s --start-period=60s CMD ["/standin", "healthcheck"]
ENTRYPOINT ["/standin"]
CMD ["serve"]
