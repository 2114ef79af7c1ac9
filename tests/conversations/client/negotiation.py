"""Clients that get other answers by other header fields, and that read bytes as they are."""
from client.talk import conversation, say, say_answer, session, short_hash


@conversation()
def accepted_types(base):
    """One path by Accept; Vary names it, and Accept-Language goes into the answer all the same."""
    http = session()
    for accept, language in (("application/json", "en"), ("application/xml", "de"), ("text/plain", "fr"),
                             ("application/json", "it")):
        answer = http.get(base + "/negotiated", headers={"Accept": accept, "Accept-Language": language})
        say(answer.headers["content-type"], answer.text)


@conversation()
def languages(base):
    """One path by Accept-Language."""
    http = session()
    for language in ("de", "fr", "en", "de", "de,en;q=0.5"):
        answer = http.get(base + "/greeting", headers={"Accept-Language": language})
        say(answer.text, answer.headers["content-language"])


@conversation()
def vary_on_own_field(base):
    """One path by a field of the service, which Vary names; and without the field."""
    http = session()
    for tenant in ("a", "b", None, "a"):
        say(http.get(base + "/tenant", headers={"X-Tenant": tenant} if tenant else {}).json())


@conversation()
def versions(base):
    """One path by a parameter of the media type."""
    http = session()
    for version in ("1", "2", "1"):
        answer = http.get(base + "/version", headers={"Accept": f"application/vnd.example+json; version={version}"})
        say(answer.headers["content-type"], answer.json())


@conversation()
def null(base):
    """A body that is JSON null."""
    answer = session().get(base + "/bodies/null")
    say(answer.status_code, answer.content)


@conversation()
def odd_json(base):
    """JSON that a parser would write otherwise: duplicate keys, big numbers, escapes, a byte order mark."""
    http = session()
    for name in ("duplicate-keys", "big-numbers", "escapes", "byte-order-mark", "not-json", "empty-json"):
        answer = http.get(f"{base}/bodies/{name}")
        say(name, answer.status_code, answer.headers["content-type"], answer.content)


@conversation()
def charsets(base):
    """Text in charsets other than UTF-8, in answers and in requests."""
    http = session()
    for name in ("latin1", "utf16", "invalid-utf8", "protobuf", "template"):
        answer = http.get(f"{base}/bodies/{name}")
        say(name, answer.headers["content-type"], answer.content)
    for charset in ("iso-8859-1", "utf-8", "utf-16"):
        answer = http.post(base + "/shouted", data="gr\u00fc\u00dfe".encode(charset),
                           headers={"Content-Type": f"text/plain; charset={charset}"})
        say(charset, answer.content)


@conversation()
def types_of_bodies(base):
    """The same bytes under other types, and other methods on one path."""
    http = session()
    for method, kind in (("POST", "application/json"), ("POST", "text/plain"), ("PUT", "text/plain"),
                         ("PATCH", "application/json-patch+json"), ("POST", "application/x-www-form-urlencoded")):
        answer = http.request(method, base + "/shouted", data=b'{"a": 1}', headers={"Content-Type": kind})
        say(method, answer.headers["content-type"], answer.content)


@conversation()
def bodies_differ(base):
    """Bodies that only structure tells apart: numbers and strings, order of keys and of fields, case."""
    http = session()
    for sent in (b'{"n": 1}', b'{"n": "1"}', b'{"n": 1.5}', b'{"n": null}', b'{}', b'[]', b"true"):
        say(http.post(base + "/shouted", data=sent, headers={"Content-Type": "application/json"}).text)
    for sent in ("a=1&b=2", "a=2&b=1", "a=1&a=2", "a=1", "a=", "a=%20", "A=1"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        say(http.post(base + "/shouted", data=sent, headers=form).text)
    for sent in (b"text", b"Text ", b" text", b"", b"\x00\x01", b"\x00\x02"):
        say(http.post(base + "/shouted", data=sent).content)


@conversation()
def queries(base):
    """Queries that differ in repeated, empty, encoded and reordered parameters."""
    http = session()
    for query in ("a=1&a=2", "a=2&a=1", "a=1", "a=", "a=1&b=2", "a=%2F%20x", "a=x+y", "A=1", "a[]=1&a[]=2",
                  "q=%E2%9C%93", "filter={\"n\":1}", "b=2&a=1"):
        say(query, http.get(f"{base}/query?{query}").json())
    say(http.get(base + "/query").json())


@conversation()
def empty_answers(base):
    """Answers without a body: 200, 204, 205, 304, 404, 500, by several methods."""
    http = session()
    for method, code in (("GET", 204), ("POST", 204), ("POST", 205), ("GET", 304), ("GET", 200), ("DELETE", 404),
                         ("GET", 500), ("POST", 201)):
        answer = http.request(method, f"{base}/statuses/{code}")
        say(method, answer.status_code, answer.reason, answer.headers.get("content-length"), answer.content)


@conversation()
def compressed_answer(base):
    """An answer that the application compressed itself, whatever the client accepts."""
    http = session()
    for encoding in ("gzip", "identity"):
        answer = http.get(base + "/compressed", headers={"Accept-Encoding": encoding}, stream=True)
        raw = answer.raw.read(decode_content=False)
        say(answer.headers["content-encoding"], short_hash(raw))
    say_answer(http.get(base + "/compressed"), "content-type", "content-length")
