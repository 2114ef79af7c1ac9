"""Clients that try again, upload in parts, and look whether something has changed."""
import re
import threading

from client.talk import conversation, say, session


@conversation()
def too_many_requests(base):
    """429 twice, then the answer; for two names in turn."""
    http = session()
    for _ in range(3):
        for name in ("a", "b"):
            answer = http.get(f"{base}/limited/{name}")
            say(name, answer.status_code, answer.headers.get("retry-after"), answer.text)


@conversation()
def too_many_requests_at_once(base):
    """The same by two threads, each with a name of its own."""
    said = {}

    def ask(name):
        http = session()
        said[name] = [http.get(f"{base}/limited/{name}").status_code for _ in range(4)]
    threads = [threading.Thread(target=ask, args=(name,)) for name in ("c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(sorted(said.items()))


@conversation()
def uploads_again(base):
    """An upload that is taken at the second attempt, of two contents."""
    http = session()
    for content in (b"\x00first" * 5000, b"\x00other" * 5000):
        for _ in range(2):
            answer = http.put(base + "/unsure", data=content)
            say(answer.status_code, answer.text)


@conversation()
def upload_in_parts(base):
    """Begins, sends three parts in another order, lists them, completes; a second upload is aborted."""
    http = session()
    for size, ends in ((7000, "POST"), (300, "DELETE")):
        begun = http.post(base + "/large/film?uploads").text
        name = re.search("<UploadId>(.*)</UploadId>", begun).group(1)
        for number in (2, 1, 3):
            part = bytes([number]) * size * number
            answer = http.put(f"{base}/large/film", params={"partNumber": number, "uploadId": name}, data=part)
            say(number, answer.status_code, answer.headers["etag"])
        say(http.get(base + "/large/film", params={"uploadId": name}).text)
        say(http.request(ends, base + "/large/film", params={"uploadId": name}).text)
        say(http.get(base + "/large/film", params={"uploadId": name}).status_code)


@conversation()
def polled_by_tag(base):
    """Asks with the last tag again and again, and takes what is new."""
    http, tag = session(), None
    for _ in range(7):
        answer = http.get(base + "/versioned", headers={"If-None-Match": tag} if tag else {})
        tag = answer.headers["etag"]
        say(answer.status_code, tag, answer.text)
