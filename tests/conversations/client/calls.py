"""Remote calls, and clients whose requests differ in unusual fields."""
import concurrent.futures
import json
import time
import uuid
import xmlrpc.client
from datetime import datetime, timezone

from client.talk import conversation, say, session


@conversation()
def xml_rpc(base):
    """Calls of Python's own client: numbers, texts, a fault."""
    proxy = xmlrpc.client.ServerProxy(base + "/xml-rpc")
    for parameters in ((1, "a"), (1, "b"), ("1", "a"), (1, "a")):
        say(proxy.join(*parameters))
    try:
        proxy.missing()
    except xmlrpc.client.Fault as fault:
        say(fault.faultString)


def _envelope(action, number):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
            f' xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="urn:u"><s:Header>'
            f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:Action>urn:numbers/{action}</a:Action>"
            f'<u:Timestamp u:Id="_{uuid.uuid4()}"><u:Created>{now}</u:Created></u:Timestamp></s:Header>'
            f"<s:Body><number>{number}</number></s:Body></s:Envelope>")


@conversation()
def soap_addressed(base):
    """Envelopes with a random message id and the time; action and number tell them apart."""
    http = session()
    for action, number in (("Next", 1), ("Next", 2), ("Previous", 2), ("Next", 1)):
        answer = http.post(base + "/addressed", data=_envelope(action, number),
                           headers={"Content-Type": "application/soap+xml"})
        say(answer.status_code, answer.text)


@conversation()
def json_rpc_batches(base):
    """Batches with random ids; each answer is found by the id of its call."""
    http = session()
    for lists in (([1], [2, 3]), ([2, 3], [1]), ([1],)):
        calls = [{"jsonrpc": "2.0", "method": "sum", "params": numbers, "id": uuid.uuid4().int >> 72}
                 for numbers in lists]
        note = {"jsonrpc": "2.0", "method": "log", "params": []}
        answers = {answer["id"]: answer["result"] for answer in http.post(base + "/rpc", json=[*calls, note]).json()}
        say([answers[call["id"]] for call in calls])


@conversation()
def model_context(base):
    """JSON-RPC over events: the client waits for the event with its id."""
    http = session()
    for method in ("initialize", "tools/list", "tools/call", "tools/list"):
        call = {"jsonrpc": "2.0", "method": method, "params": {}, "id": str(uuid.uuid4())}
        with http.post(base + "/mcp", json=call, headers={"Accept": "application/json, text/event-stream"},
                       stream=True) as answer:
            lines = [line for line in answer.iter_lines() if line.startswith(b"data:")]
        events = [json.loads(line[5:]) for line in lines]
        say(method, ["answer" if event.get("id") == call["id"] else event.get("method", "another") for event in events])
    say(http.post(base + "/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code)


@conversation()
def tenants(base):
    """One path for several tenants, whom only a field of the application's own names."""
    http = session()
    for tenant in ("red", "blue", None, "red", "blue"):
        headers = {"X-Tenant": tenant, "X-Request-Id": str(uuid.uuid4())} if tenant else {}
        say(http.get(base + "/tenant", headers=headers).json())


@conversation()
def tenants_at_once(base):
    """The same from several threads, in no order."""
    def ask(number):
        return session().get(base + "/tenant", headers={"X-Tenant": f"t{number % 4}"}).json()
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for answer in threads.map(ask, range(12)):
            say(answer)


@conversation()
def preflights(base):
    """OPTIONS of a browser before requests of two origins, allowed and not."""
    http = session()
    for origin in ("https://a.example", "https://b.example", "https://evil.test"):
        for method in ("PUT", "DELETE"):
            answer = http.options(base + "/shared", headers={"Origin": origin, "Access-Control-Request-Method": method})
            say(origin, method, answer.status_code, answer.headers.get("access-control-allow-origin"))
        say(http.get(base + "/shared", headers={"Origin": origin}).headers.get("access-control-allow-origin"))


@conversation()
def own_origin(base):
    """A program, a page of the server itself, whose address is another one at the replay, and another page."""
    for origin in (None, base, "https://a.example", base, None):
        answer = session().get(base + "/shared", headers={"Origin": origin} if origin else {})
        say(answer.text, answer.headers.get("access-control-allow-origin"))


@conversation()
def signed_links(base):
    """Links with a signature and a time, which another answer gives."""
    http = session()
    for _ in range(2):
        link = http.get(base + "/signed").json()["url"]
        say(http.get(base + link).text)


@conversation()
def measurements(base):
    """Lines with their times, and queries about the last hour, the last minute, and for a script of a page."""
    http = session()
    for hosts in ("ab", "c", "ab"):
        lines = "".join(f"{host} value=0.5 {time.time_ns()}\n" for host in hosts)
        say(http.post(base + "/measured", data=lines).json())
    for query, span in (("up", 3600), ("up", 60), ("down", 3600), ("up", 3600)):
        now = time.time()
        say(http.get(base + "/measured", params={"query": query, "start": now - span, "end": now, "step": 15}).json())
    for query in ("up", "down"):
        now = time.time()
        name = f"jQuery{uuid.uuid4().int}_{now * 1000:.0f}"
        sent = {"callback": name, "query": query, "start": int(now) - 61, "end": int(now), "_": f"{now * 1000:.0f}"}
        say(http.get(base + "/measured", params=sent).text.replace(name, "callback"))


@conversation()
def late_first_byte(base):
    """Two requests at once: the answer that takes longer comes later."""
    order = []

    def ask(wait):
        answer = session().get(f"{base}/slow?wait={wait}")
        order.append(wait)
        return answer.text
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        say(list(threads.map(ask, (1.5, 0.3))))
    say(order)
    began = time.monotonic()
    session().get(base + "/slow?wait=0.9")
    say("late" if time.monotonic() - began > 0.6 else "at once")


@conversation()
def small_chunks(base):
    """Texts in small chunks, which a client shows as they come."""
    import http.client
    host = base.partition("://")[2]
    for kind in ("text/plain", "application/octet-stream", "text/csv"):
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.request("GET", f"/pieces?type={kind}")
        answer = connection.getresponse()
        pieces = []
        while piece := answer.read1():
            pieces.append(piece)
        say(kind, answer.headers["transfer-encoding"], b"".join(pieces), len(pieces) > 1)
        connection.close()
