"""Clients that poll, read, change and read again, and whose requests differ in each run."""
import json
import time
import uuid

from client.talk import conversation, say, say_answer, session


@conversation()
def poll(base):
    """A job is asked for until it is done."""
    http = session()
    answer = http.post(base + "/jobs", json={"x": 1})
    say(answer.status_code, answer.headers["location"])
    states = []
    while len(states) < 10 and "done" not in states:
        states.append(http.get(base + answer.headers["location"]).json()["state"])
    say(states)


@conversation()
def two_polls(base):
    """Two jobs, asked for in turn."""
    http = session()
    places = [http.post(base + "/jobs", json={"x": 1}).headers["location"] for _ in range(2)]
    say(places)
    for _ in range(4):
        say([http.get(base + place).json()["state"] for place in places])


@conversation()
def repeats(base):
    """One request five times, with another answer each time."""
    http = session()
    say([http.get(base + "/counter").json()["n"] for _ in range(5)])


@conversation()
def cursors(base):
    """20 collections, read page by page with a cursor."""
    http = session()
    for number in range(20):
        found, cursor = [], None
        while True:
            parameters = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
            page = http.get(f"{base}/collections/{number}/items", params=parameters).json()
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        say(number, found)


@conversation()
def conditional_writes(base):
    """If-None-Match: * creates once; If-Match replaces with the right ETag, and gets 412 or 428 otherwise."""
    http = session()
    url = base + "/documents/a"
    for _ in range(2):
        answer = http.put(url, json={"n": 1}, headers={"If-None-Match": "*"})
        say(answer.status_code, answer.headers.get("etag"))
    tag = http.get(url).headers["etag"]
    for condition in ({"If-Match": tag}, {"If-Match": tag}, {}):
        answer = http.put(url, json={"n": 2}, headers=condition)
        say(answer.status_code, answer.json(), answer.headers.get("etag"))
    say(http.get(url, headers={"If-None-Match": tag}).status_code)


@conversation()
def read_change_read(base):
    """One document: missing, made, patched (RFC 7396), deleted; read after each step."""
    http = session()
    url = base + "/documents/b"
    merge = {"Content-Type": "application/merge-patch+json"}
    for method, sent, headers in ((None, None, None), ("PUT", {"a": 1, "b": 2}, {}),
                                  ("PATCH", {"b": None, "c": 3}, merge), ("PATCH", {"a": 4}, merge),
                                  ("DELETE", None, {})):
        if method:
            body = json.dumps(sent) if sent else None
            answer = http.request(method, url, data=body, headers={"Content-Type": "application/json", **headers})
            say(method, answer.status_code, answer.text)
        say(http.head(url).status_code, http.get(url).json())


@conversation()
def feed(base):
    """A feed is revalidated eight times, and changes meanwhile."""
    http, tag, seen = session(), None, []
    for _ in range(8):
        answer = http.get(base + "/feed", headers={"If-None-Match": tag} if tag else {})
        tag = answer.headers["etag"]
        seen.append((answer.status_code, tag))
    say(seen)


@conversation()
def long_polling(base):
    """Each request waits for the change after the last one."""
    http, last = session(), 0
    while True:
        answer = http.get(base + "/changes", params={"since": last})
        if answer.status_code == 204:
            break
        say(answer.json())
        last = answer.json()["last"]
    say(answer.status_code)


@conversation()
def idempotency_keys(base):
    """Payments with a random key each; a key that is sent again gets the same payment."""
    http = session()
    for _ in range(2):
        key = str(uuid.uuid4())
        for _ in range(2):
            answer = http.post(base + "/payments", json={"amount": 5}, headers={"Idempotency-Key": key})
            say(answer.status_code, answer.json(), answer.headers["idempotent-replayed"])


@conversation()
def random_identifiers(base):
    """Requests with identifiers and times that are others in each run, in header fields and in bodies."""
    http = session()
    for operation in ("create", "start"):
        trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
        headers = {"X-Request-Id": str(uuid.uuid4()), "traceparent": trace, "X-Timestamp": str(time.time())}
        sent = {"operation": operation, "requestId": str(uuid.uuid4()), "ts": time.time()}
        answer = http.post(base + "/stamped", json=sent, headers=headers)
        say(answer.status_code, answer.text)


@conversation()
def cache_busters(base):
    """Query parameters that keep caches out: times and random numbers."""
    http = session()
    for name, value in (("_", int(time.time() * 1000)), ("cb", uuid.uuid4().hex), ("nocache", time.time()),
                        ("t", int(time.time()))):
        answer = http.get(base + "/negotiated", params={name: value})
        say(answer.status_code, answer.text)
        say(http.get(base + "/stamped", params={"page": 1, name: value}).text)


@conversation("json-server")
def json_server(base):
    """json-server: list, create, read, patch, delete, and read again."""
    http = session()
    say(http.get(base + "/posts").json())
    answer = http.post(base + "/posts", json={"title": "new"})
    say(answer.status_code, answer.json(), answer.headers.get("location"))
    url = f"{base}/posts/{answer.json()['id']}"
    say(http.get(url).json())
    say(http.patch(url, json={"title": "newer"}).json())
    say(http.get(url).json())
    say(len(http.get(base + "/posts").json()))
    say(http.delete(url).status_code, http.get(url).status_code)
    say(len(http.get(base + "/posts").json()))


@conversation("json-server")
def json_server_pages(base):
    """json-server: filters and pages, with the number of all in X-Total-Count and URLs in Link."""
    http = session()
    for query in ("_page=1&_limit=1", "_page=2&_limit=1", "title=b", "id=1&id=2", "_sort=title&_order=desc"):
        answer = http.get(f"{base}/posts?{query}")
        say(query, answer.json(), answer.headers.get("x-total-count"))
        for relation, link in sorted(answer.links.items()):
            say(relation, link["url"], http.get(link["url"]).json())


@conversation()
def concurrent(base):
    """Eight downloads at once, of four sizes."""
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda number: session().get(f"{base}/big/{number % 4}"), range(8))
        for number, answer in enumerate(answers):
            say(number)
            say_answer(answer, "content-length")
