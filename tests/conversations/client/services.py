"""Clients of interfaces that share one path: etcd, GraphQL, SOAP, JSON-RPC, protobuf, and an object store."""
import base64
import os
import random
import time
import uuid

from client.talk import conversation, say, session, short_hash


def _encoded(text):
    return base64.b64encode(text.encode()).decode()


def _values(answer):
    return [base64.b64decode(pair["value"]) for pair in answer.get("kvs", [])]


@conversation("etcd")
def etcd(base):
    """etcd over JSON: read, write, read again, a transaction twice, delete."""
    http, key = session(), _encoded("k")

    def ask(path, sent):
        return http.post(f"{base}/v3/kv/{path}", json=sent).json()
    say(_values(ask("range", {"key": key})))
    for value in ("v1", "v2"):
        say(ask("put", {"key": key, "value": _encoded(value)}).get("error"))
        say(_values(ask("range", {"key": key})))
    transaction = {
        "compare": [{"key": key, "target": "VALUE", "value": _encoded("v2")}],
        "success": [{"requestPut": {"key": key, "value": _encoded("v3")}}]}
    say([ask("txn", transaction).get("succeeded") for _ in range(2)])
    say(_values(ask("range", {"key": key})))
    say(ask("deleterange", {"key": key}).get("deleted"))
    say(_values(ask("range", {"key": key})))


@conversation("etcd")
def etcd_once(base):
    """One write and one read, with the cluster's number, which is a string of digits."""
    http, key = session(), _encoded("k")
    http.post(base + "/v3/kv/put", json={"key": key, "value": _encoded("v1")})
    answer = http.post(base + "/v3/kv/range", json={"key": key}).json()
    say(_values(answer), answer["header"]["cluster_id"])


@conversation()
def graphql(base):
    """Queries that differ in variables; the same one with other white space."""
    http = session()
    for value in ("a", "b"):
        say(http.post(base + "/graphql", json={"query": "q", "variables": {"x": value}}).json())
    say(http.post(base + "/graphql", data='{"variables": {"x": "a"},   "query": "q"}',
                  headers={"Content-Type": "application/json"}).text)


@conversation()
def graphql_operations(base):
    """One document with several operations, chosen by operationName."""
    http = session()
    document = "query A { a } query B { b }"
    for name in ("A", "B", None, "A"):
        sent = {"query": document, "operationName": name, "variables": {}}
        say(http.post(base + "/graphql", json=sent).json())


def _signature(*_):
    """Like one of AWS: another one each time."""
    return os.urandom(32).hex()


@conversation()
def signed_chunks(base):
    """An upload whose chunks are signed one by one, with the time; text and bytes, and the same key again."""
    http = session()
    for key, content in (("t", b"a text\n" * 30), ("b", bytes(range(256)) * 40), ("t", b"another text\n" * 30)):
        body = b""
        for start in [*range(0, len(content), 100), len(content)]:
            part = content[start:start + 100]
            body += f"{len(part):x};chunk-signature={_signature(part)}\r\n".encode() + part + b"\r\n"
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"AKIAIOSFODNN7EXAMPLE/{now[:8]}/eu-central-1/s3/aws4_request"
        answer = http.put(f"{base}/s3/files/{key}", data=body, headers={
            "Content-Encoding": "aws-chunked", "X-Amz-Date": now, "X-Amz-Decoded-Content-Length": str(len(content)),
            "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
                             f"Signature={_signature()}"})
        say(answer.status_code, answer.headers["etag"])


@conversation()
def xml_by_structure(base):
    """Envelopes with their attributes in any order and any white space between elements."""
    http = session()
    for left in (1, 2, 1):
        attributes, space = random.choice(['a="1" b="2"', "b='2'  a='1'"]), random.choice(["", "\n", "\n  "])
        envelope = f"<E {attributes}>{space}<B>{space}<n>{left}</n>{space}<n>3</n>{space}</B></E>"
        answer = http.post(base + "/soap", data=envelope, headers={
            "Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:add"'})
        say(left, answer.status_code, answer.text)


@conversation()
def soap(base):
    """Operations by SOAPAction, with the same envelope."""
    http = session()
    for operation, left in (("add", 5), ("subtract", 5), ("add", 6), ("divide", 5)):
        envelope = f"<Envelope><Body><n>{left}</n>\n<n>3</n></Body></Envelope>"
        answer = http.post(base + "/soap", data=envelope, headers={
            "Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"urn:{operation}"'})
        say(operation, left, answer.status_code, answer.text)


def _call(method, parameters, identifier):
    return {"jsonrpc": "2.0", "method": method, "params": parameters, "id": identifier}


@conversation()
def json_rpc(base):
    """Calls with numbers as ids, a notification, and a batch."""
    http = session()
    for sent in (_call("sum", [1, 2], 1), _call("sum", [1, 2], 2), _call("product", [1, 2], 3),
                 {"jsonrpc": "2.0", "method": "sum", "params": [1]}, [_call("sum", [4], 5), _call("sum", [5], 6)]):
        answer = http.post(base + "/rpc", json=sent)
        say(answer.status_code, answer.text)


@conversation()
def json_rpc_random_ids(base):
    """Calls with random ids; the client takes an answer only if it has the id of its call."""
    http = session()
    for parameters in ([1, 2], [3, 4], [1, 2]):
        identifier = str(uuid.uuid4())
        answer = http.post(base + "/rpc", json=_call("sum", parameters, identifier)).json()
        say(answer["result"], "its id" if answer["id"] == identifier else "another id")


@conversation()
def protobuf(base):
    """Binary messages that differ in one byte."""
    http = session()
    for number in (1, 2, 1):
        message = b"\x08" + bytes([number]) + b"\x12\x02\xff\x00"
        answer = http.post(base + "/protobuf", data=message, headers={"Content-Type": "application/x-protobuf"})
        say(answer.status_code, answer.headers["content-type"], short_hash(answer.content))


@conversation()
def object_store(base):
    """An S3 client: requests are signed with the time, and uploads wait for 100 Continue."""
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import ClientError
    client = botocore.session.Session().create_client(
        "s3", "eu-central-1", endpoint_url=base, aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="aws-s3cr3t-access-key", config=Config(s3={"addressing_style": "path"},
                                                                    retries={"max_attempts": 0}))
    # The application has its store at /s3/BUCKET/KEY; a path-style client takes `s3` for the bucket.
    def place(name):
        return {"Bucket": "s3", "Key": f"files/{name}.txt"}
    for name in "ab":
        say(client.put_object(**place(name), Body=b"content of " + name.encode())["ETag"])
    say(client.get_object(**place("a"))["Body"].read())
    say(client.put_object(**place("a"), Body=b"changed")["ETag"])
    say(client.get_object(**place("a"))["Body"].read())
    say(client.head_object(**place("b"))["ContentLength"])
    say(client.delete_object(**place("b"))["ResponseMetadata"]["HTTPStatusCode"])
    try:
        client.get_object(**place("b"))
    except ClientError as error:
        say(error.response["Error"]["Code"])
    link = client.generate_presigned_url("get_object", Params=place("a"), ExpiresIn=60)
    say(session().get(link).text)
    say(session().get(base + "/s3/files/a.txt").status_code)
