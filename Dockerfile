# Builds and runs Standin: docker build -t standin . && docker run -p 8080:8080 standin
FROM rust:1-slim AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin standin

FROM debian:stable-slim
COPY --from=build /build/target/release/standin /usr/local/bin/standin
USER 65534
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=3s CMD ["standin", "healthcheck"]
ENTRYPOINT ["standin"]
# Inside a container the loopback is nobody's; the container's own network is the boundary.
CMD ["serve", "--listen", "0.0.0.0:8080"]
