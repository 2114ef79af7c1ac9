"""Clients that send forms, files, compressed bodies, and files in parts."""
import gzip
import hashlib
import uuid

from client.talk import conversation, say, session


@conversation()
def form_with_bytes(base):
    """A multipart form with a file of bytes and a text; the boundary is random."""
    answer = session().post(base + "/upload", files={"file": ("a.bin", bytes(range(256)) * 100)},
                            data={"note": "hello"})
    say(answer.status_code, answer.text)


@conversation()
def form_with_text(base):
    """A multipart form with a text file."""
    answer = session().post(base + "/upload", files={"file": ("a.txt", "plain text\n" * 50)}, data={"note": "hello"})
    say(answer.status_code, answer.text)


@conversation()
def forms_with_files(base):
    """Forms that differ in one part: two files, their names, their order, their content."""
    http = session()
    first, second = ("file", ("a.bin", b"\x00first\xff")), ("file", ("b.txt", "second"))
    for files in ([first, second], [second, first], [first], [("file", ("c.bin", b"\x00first\xff"))],
                  [("file", ("a.bin", b"\x00other\xff"))]):
        say(http.post(base + "/upload", files=files).json())


@conversation()
def random_boundary(base):
    """A form written by hand, whose boundary is another one each time."""
    for note in ("one", "two", "one"):
        boundary = uuid.uuid4().hex
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\n{note}\r\n--{boundary}--\r\n'
        answer = session().post(base + "/upload", data=body, headers={
            "Content-Type": f"multipart/form-data; boundary={boundary}"})
        say(answer.json())


@conversation()
def compressed_bodies(base):
    """Bodies in gzip, which hold the time in their head, and one that is not compressed."""
    http = session()
    for text, moment in ((b"abc", 1), (b"xyz", 1), (b"abc", 2)):
        answer = http.post(base + "/unpack", data=gzip.compress(text, mtime=moment),
                           headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"})
        say(answer.status_code, answer.text)
    say(http.post(base + "/unpack", data=b"plain", headers={"Content-Type": "text/plain"}).text)


@conversation()
def resumable_upload(base):
    """A file in three ranges, with a question for what has arrived, and a gap."""
    http = session()
    url, content = base + "/resumable/a", bytes(range(250)) * 4

    def send(first, last):
        return http.put(url, data=content[first:last], headers={"Content-Range": f"bytes {first}-{last - 1}/1000"})
    for first, last in ((0, 400), (400, 700), (900, 1000)):
        answer = send(first, last)
        say(first, answer.status_code, answer.headers.get("range"))
        asked = http.put(url, headers={"Content-Range": "bytes */1000"})
        say("asked", asked.status_code, asked.headers.get("range"))
    answer = send(700, 1000)
    say(answer.status_code, answer.json()["sha256"] == hashlib.sha256(content).hexdigest())


@conversation()
def tus(base):
    """The protocol tus: create, append, ask for the offset, append at a wrong one, finish."""
    http = session()
    common = {"Tus-Resumable": "1.0.0"}
    answer = http.post(base + "/tus", headers={**common, "Upload-Length": "10"})
    url = answer.headers["location"]
    say(answer.status_code, url)
    for offset, content in ((0, b"01234"), (0, b"01234"), (5, b"56789")):
        answer = http.patch(url, data=content, headers={
            **common, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
        say(offset, answer.status_code, answer.headers.get("upload-offset"))
        say("asked", http.head(url, headers=common).headers.get("upload-offset"))
