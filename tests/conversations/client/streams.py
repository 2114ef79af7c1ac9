"""Clients of streams: server-sent events, JSON lines, WebSockets, and big bodies."""
import hashlib
import json
import time

import requests
import websocket

from client.talk import conversation, say, say_answer, session

PACED_SECONDS = 0.6


def _pace(start):
    return "paced" if time.monotonic() - start > PACED_SECONDS else "at once"


@conversation()
def events(base):
    """Five events with pauses between them."""
    start = time.monotonic()
    answer = session().get(base + "/events", stream=True, timeout=10)
    found = [line.decode() for line in answer.iter_lines() if line]
    say(found, _pace(start), answer.headers["content-type"])


@conversation()
def events_cut_off(base):
    """The client leaves an endless stream after three events."""
    answer = session().get(base + "/endless-events", stream=True, timeout=5)
    found = []
    for line in answer.iter_lines():
        if line:
            found.append(line.decode())
        if len(found) == 3:
            break
    answer.close()
    say(found)


@conversation()
def events_resumed(base):
    """An EventSource: after each end it comes back with Last-Event-ID, until 204."""
    last, found = None, []
    while True:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        answer = session().get(base + "/resumed-events", headers=headers, stream=True, timeout=5)
        if answer.status_code == 204:
            break
        for line in answer.iter_lines():
            name, _, value = line.decode().partition(": ")
            if name == "id":
                last = value
            elif name == "data":
                found.append(value)
    say(found)


@conversation()
def json_lines(base):
    """Five lines of JSON with pauses between them."""
    start = time.monotonic()
    answer = session().get(base + "/json-lines", stream=True, timeout=10)
    say([line for line in answer.iter_lines() if line], _pace(start))


@conversation()
def json_lines_posted(base):
    """Lines of JSON are sent in chunks; each gets a line."""
    def lines(count):
        for number in range(count):
            yield json.dumps({"n": number}).encode() + b"\n"
    http = session()
    for count in (3, 2, 3):
        answer = http.post(base + "/ingest", data=lines(count), headers={"Content-Type": "application/x-ndjson"})
        say(answer.status_code, answer.text)


def _socket(base, path, **options):
    return websocket.create_connection(base.replace("http", "ws", 1) + path, timeout=10, **options)


@conversation()
def socket_echo(base):
    """A WebSocket: text and bytes are answered in turn."""
    connection = _socket(base, "/sockets/echo")
    for message in ("one", "two", b"\x00\x01\xff", "a long one " * 20):
        connection.send(message, websocket.ABNF.OPCODE_BINARY if isinstance(message, bytes) else 1)
        say(connection.recv())
    connection.close()


@conversation()
def socket_push(base):
    """A WebSocket whose server speaks first, with a subprotocol and a close code of its own."""
    connection = _socket(base, "/sockets/push", subprotocols=["ticks.v1"])
    say(connection.getsubprotocol())
    while True:
        code, content = connection.recv_data()
        if code == websocket.ABNF.OPCODE_CLOSE:
            say("closed", int.from_bytes(content[:2], "big"), content[2:])
            return
        say(content)


def _download(base, size):
    answer = session().get(f"{base}/big/{size}", stream=True)
    content, length = hashlib.sha256(), 0
    for chunk in answer.iter_content(1 << 20):
        content.update(chunk)
        length += len(chunk)
    say(answer.status_code, length, content.hexdigest()[:12])


@conversation()
def download_20(base):
    """A download of 20 MiB."""
    _download(base, 20)


@conversation()
def download_100(base):
    """A download of 100 MiB."""
    _download(base, 100)


@conversation()
def upload_5(base):
    """An upload of 5 MiB with a length."""
    answer = session().post(base + "/sink", data=bytes(5 << 20))
    say(answer.status_code, answer.text)


@conversation()
def upload_100(base):
    """An upload of 100 MiB in chunks."""
    answer = requests.post(base + "/sink", data=(bytes(1 << 20) for _ in range(100)))
    say(answer.status_code, answer.text)


@conversation()
def waits_for_continue(base):
    """An upload that waits for 100 Continue, and one after it on the same connection."""
    import http.client
    host = base.partition("://")[2]
    connection = http.client.HTTPConnection(host, timeout=10)
    for content in (b"first", b"second"):
        connection.putrequest("PUT", "/sink")
        connection.putheader("Content-Length", str(len(content)))
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        connection.send(content)
        answer = connection.getresponse()
        say(answer.status, answer.read())
    say_answer(session().put(base + "/sink", data=b"first"))
