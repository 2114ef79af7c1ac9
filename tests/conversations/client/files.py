"""Static files of nginx: methods, ranges, conditions, compression, basic authentication, WebDAV."""
import gzip
import os
import subprocess

from client.talk import conversation, say, say_answer, session, short_hash


@conversation("nginx")
def static_files(base):
    """Files and errors by GET and HEAD, with queries and a name to decode."""
    http = session()
    for method, path in (("GET", "/index.html"), ("HEAD", "/index.html"), ("GET", "/dir/"), ("GET", "/none"),
                         ("GET", "/bytes.bin"), ("GET", "/a%20b.txt"), ("GET", "/index.html?x=1&y=2"),
                         ("GET", "/index.html?y=2&x=1")):
        answer = http.request(method, base + path, allow_redirects=False)
        say_answer(answer, "content-type", "etag", "last-modified", "content-length", "accept-ranges")


@conversation("nginx")
def redirect(base):
    """A redirect with an absolute URL, read and followed."""
    http = session()
    answer = http.get(base + "/dir", allow_redirects=False)
    say(answer.status_code, answer.headers["location"])
    answer = http.get(base + "/dir")
    say_answer(answer)
    say(answer.url)


@conversation("nginx")
def ranges(base):
    """Ranges of one file, then all of it, then a range that it does not have."""
    http = session()
    for wanted in ("bytes=0-9", "bytes=10-19", "bytes=-5", None, "bytes=999999-"):
        answer = http.get(base + "/big.txt", headers={"Range": wanted} if wanted else {})
        say_answer(answer, "content-range", "content-length")


@conversation("nginx")
def several_ranges(base):
    """Several ranges in one request, and If-Range with an ETag that fits and one that does not."""
    http = session()
    answer = http.get(base + "/bytes.bin", headers={"Range": "bytes=0-3,250-"})
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    say(answer.status_code, kind, answer.content.count(boundary.encode()), bytes(range(250, 256)) in answer.content)
    tag = http.head(base + "/bytes.bin").headers["etag"]
    for condition in (tag, '"other"'):
        answer = http.get(base + "/bytes.bin", headers={"Range": "bytes=0-3", "If-Range": condition})
        say_answer(answer, "content-range")


@conversation("nginx")
def resume(base):
    """curl goes on with half a download."""
    for options in (["-r", "0-49999"], ["-C", "-"]):
        code = subprocess.run(["curl", "-sS", "-m", "20", *options, "-o", "big", base + "/big.txt"]).returncode
        with open("big", "rb") as file:
            content = file.read()
        say(code, len(content), short_hash(content))


@conversation("nginx")
def revalidation(base):
    """A file, and 304 for its ETag."""
    http = session()
    first = http.get(base + "/index.html")
    say_answer(first, "etag")
    say_answer(http.get(base + "/index.html", headers={"If-None-Match": first.headers["etag"]}), "etag")


@conversation("nginx")
def revalidation_then_plain(base):
    """The same, and the file once more."""
    revalidation(base)
    say_answer(session().get(base + "/index.html"), "etag")


@conversation("nginx")
def yaml_by_time(base):
    """A YAML file, conditional on ETag and time, fitting and not."""
    http = session()
    first = http.get(base + "/config.yaml")
    say_answer(first, "content-type", "etag", "last-modified")
    for name, value in (("If-None-Match", first.headers["etag"]), ("If-None-Match", '"old"'),
                        ("If-Modified-Since", first.headers["last-modified"]),
                        ("If-Modified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"), ("If-Match", '"old"'),
                        ("If-Unmodified-Since", "Thu, 01 Jan 2015 00:00:00 GMT")):
        say(name, http.get(base + "/config.yaml", headers={name: value}).status_code)


@conversation("nginx")
def basic(base):
    """Basic authentication: none, the right password, a wrong one."""
    http = session()
    say(http.get(base + "/private/x.txt").status_code)
    say_answer(http.get(base + "/private/x.txt", auth=("alice", "alice-s3cr3t-password")))
    say(http.get(base + "/private/x.txt", auth=("alice", "wrong-s3cr3t-password")).status_code)


@conversation("nginx")
def basic_right_only(base):
    """Basic authentication with the right password only."""
    say_answer(session().get(base + "/private/x.txt", auth=("alice", "alice-s3cr3t-password")))


@conversation("nginx")
def compression(base):
    """One file in the encodings that the client takes, twice each: the bytes and what they unpack to."""
    http = session()
    for encoding in ("gzip", "br", "identity", "deflate, zstd", "gzip;q=0, br", "br;q=0.5, gzip"):
        answer = http.get(base + "/big.txt", headers={"Accept-Encoding": encoding}, stream=True)
        raw = answer.raw.read(decode_content=False)
        unpacked = gzip.decompress(raw) if answer.headers.get("content-encoding") == "gzip" else raw
        again = http.get(base + "/big.txt", headers={"Accept-Encoding": encoding}, stream=True)
        say(encoding, answer.status_code, answer.headers.get("content-encoding"), len(raw), short_hash(unpacked),
            again.raw.read(decode_content=False) == raw)


@conversation("nginx")
def compression_by_default(base):
    """One compressed file, with the client's own Accept-Encoding."""
    answer = session().get(base + "/big.txt")
    say(answer.status_code, short_hash(answer.content))


@conversation("nginx")
def head_then_get(base):
    """HEAD and GET in turn: lengths, no bodies, and missing files."""
    http = session()
    for path in ("/big.txt", "/none.txt", "/bytes.bin"):
        for method in ("HEAD", "GET", "HEAD"):
            answer = http.request(method, base + path, headers={"Accept-Encoding": "identity"})
            say(method, answer.status_code, answer.headers.get("content-length"), len(answer.content))


@conversation("nginx")
def webdav(base):
    """PUT, PROPFIND, COPY, MOVE and DELETE; the target is an absolute URL in Destination."""
    http = session()
    say("made", http.request("MKCOL", base + "/dav/notes/").status_code)
    say("put", http.put(base + "/dav/notes/a.txt", data=b"first").status_code)
    say("put again", http.put(base + "/dav/notes/a.txt", data=b"second").status_code)
    for method, source, target in (("COPY", "a", "b"), ("MOVE", "a", "c")):
        answer = http.request(method, f"{base}/dav/notes/{source}.txt",
                              headers={"Destination": f"{base}/dav/notes/{target}.txt"})
        say(method, answer.status_code)
    for depth in ("0", "1"):
        answer = http.request("PROPFIND", base + "/dav/notes/", headers={"Depth": depth})
        say("found", depth, answer.status_code, answer.text.count("<D:response>"))
    for name in "abc":
        answer = http.get(f"{base}/dav/notes/{name}.txt")
        say(name, answer.status_code, answer.text if answer.ok else "")
    say("deleted", http.delete(base + "/dav/notes/b.txt").status_code)
    say(http.get(base + "/dav/notes/b.txt").status_code, os.path.basename(base + "/dav/notes/b.txt"))
