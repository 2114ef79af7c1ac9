"""Clients that read bytes and frames as they come: odd HTTP/1.1, HTTP/2, gRPC."""
import os
import re
import socket

from client.talk import conversation, say, short_hash

# They say when and by whom, not what: their values differ between the backend and its recording.
NOT_COMPARED = ("date:", "connection:", "matched-stub-", "keep-alive:", "server:")


def _raw(base, method, path):
    """The bytes of one answer: head as it is written, without what is not compared, and body."""
    host, port = base.partition("://")[2].split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        request = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while received := connection.recv(65536):
            answer += received
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 103"):
        say(head)
        head, _, body = body.partition(b"\r\n\r\n")
    status, *fields = [line.decode("latin-1") for line in head.split(b"\r\n")]
    if " 304 " in status:
        # The length of the body that it does not have may be left out.
        fields = [field for field in fields if not field.lower().startswith("content-length:")]
    fields = [field for field in fields if not field.lower().startswith(NOT_COMPARED)]
    # The values of cookies are pseudonyms at the replay; names and attributes stay.
    return [status, *(re.sub("(?i)^(set-cookie: [^=]+)=[^;]*", r"\1=..", field) for field in fields)], body


def _compare(base, *paths, method="GET"):
    for path in paths:
        head, body = _raw(base, method, path)
        say(path, head, body)


@conversation("wire")
def trailers(base):
    """Fields after a chunked body, and chunks as they were."""
    _compare(base, "/trailers", "/chunks")


@conversation("wire")
def early_hints(base):
    """103 before the answer."""
    _compare(base, "/early-hints")


@conversation("wire")
def header_bytes(base):
    """Field values in Latin-1, names in mixed case, two Set-Cookie, a reason phrase of its own."""
    _compare(base, "/latin1", "/case", "/cookies", "/reason", "/odd-status")


@conversation("wire")
def lengths(base):
    """Bodies without a length or a type, until the connection ends, and HTTP/1.0."""
    _compare(base, "/until-close", "/no-type", "/http10", "/missing")


@conversation("wire")
def no_bodies(base):
    """204, 205, and 304 with the length of the body that it does not have; HEAD."""
    _compare(base, "/no-content", "/reset-content", "/not-modified")
    _compare(base, "/reason", "/no-type", "/missing", method="HEAD")


def _over_http2(base, **options):
    import httpx
    with httpx.Client(base_url=base, http2=True, verify=False, trust_env=False, timeout=20, **options) as http:
        answer = http.get("/bodies/duplicate-keys")
        say(answer.http_version, answer.status_code, answer.content)
        for _ in range(2):
            say(http.post("/counter").json())
        say(short_hash(http.get("/big/2").content))
        say(http.post("/sink", content=(bytes(1000) for _ in range(100))).json()["bytes"])
        say([line for line in http.get("/json-lines").iter_lines()])
        say(http.get("/statuses/204").status_code, http.head("/documents/none").status_code)


@conversation("application-http2")
def backend_over_http2(base):
    """A backend that speaks HTTP/2 over TLS; the client speaks HTTP/1.1."""
    _over_http2(base)


@conversation("application-http2", listen=("--tls",))
def http2_on_both_sides(base):
    """HTTP/2 over TLS to the backend and from the client."""
    _over_http2(base)


@conversation(listen=("--tls",))
def client_over_http2(base):
    """A client over HTTP/2; the backend speaks HTTP/1.1."""
    _over_http2(base)


def _grpc_calls(base):
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    import grpc
    channel = grpc.insecure_channel(base.partition("://")[2], options=[("grpc.enable_http_proxy", 0)])
    return grpc, channel


@conversation("grpc")
def grpc_unary(base):
    """Calls with one answer, their trailing metadata, and an error."""
    grpc, channel = _grpc_calls(base)
    call = channel.unary_unary("/test.Words/Unary")
    for message in (b"one", b"two", b"one", b""):
        try:
            answer, done = call.with_call(message, timeout=10)
            say(answer, dict(done.trailing_metadata()).get("x-length"))
        except grpc.RpcError as error:
            say(error.code(), error.details())


@conversation("grpc")
def grpc_streams(base):
    """Streams of the server, of the client, and of both."""
    _, channel = _grpc_calls(base)
    for message in (b"abc", b"xy"):
        say(list(channel.unary_stream("/test.Words/ServerStream")(message, timeout=10)))
    say(channel.stream_unary("/test.Words/ClientStream")(iter([b"a", b"b"]), timeout=10))
    say(list(channel.stream_stream("/test.Words/Both")(iter([b"ab", b"cd"]), timeout=10)))
