"""Interfaces that share one path: GraphQL, SOAP, JSON-RPC, protobuf, and an object store like S3."""
import hashlib
import json
import re

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

objects = {}


async def graphql(request):
    sent = await request.json()
    operation, variables = sent.get("operationName"), sent.get("variables", {})
    return JSONResponse({"data": {"operation": operation, "echo": variables.get("x")}})


async def soap(request):
    """The operation is in SOAPAction; the envelopes are the same but for the numbers."""
    operation = request.headers.get("soapaction", "").strip('"').rpartition(":")[2]
    left, right = map(int, re.findall(r"<n>(\d+)</n>", (await request.body()).decode()))
    result = {"add": left + right, "subtract": left - right}.get(operation)
    if result is None:
        return Response("<Envelope><Fault>unknown operation</Fault></Envelope>", 500, media_type="text/xml")
    return Response(f"<Envelope><Result>{result}</Result></Envelope>", media_type="text/xml; charset=utf-8")


async def json_rpc(request):
    """Single calls, notifications and batches; an answer has the id of its call."""
    def answer(call):
        if call["method"] == "sum":
            return {"jsonrpc": "2.0", "id": call["id"], "result": sum(call["params"])}
        return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32601, "message": "Method not found"}}
    sent = await request.json()
    if isinstance(sent, list):
        return JSONResponse([answer(call) for call in sent if "id" in call])
    return JSONResponse(answer(sent)) if "id" in sent else Response(status_code=204)


async def protobuf(request):
    """Answers with the hash of the message."""
    sent = await request.body()
    return Response(b"\x0a\x20" + hashlib.sha256(sent).digest(), media_type="application/x-protobuf")


def _without_chunk_signatures(body):
    """The content of a body in aws-chunked encoding."""
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return content
        content, body = content + body[:length], body[length + 2:]
    return content


async def bucket(request):
    """Lists the keys of a bucket, or makes it."""
    if _not_signed(request):
        return _denied()
    if request.method == "PUT":
        return Response(status_code=200)
    keys = "".join(f"<Contents><Key>{key}</Key><Size>{len(content)}</Size></Contents>"
                   for key, content in sorted(objects.items()))
    return Response(f"<?xml version='1.0'?><ListBucketResult><Name>{request.path_params['bucket']}</Name>"
                    f"<IsTruncated>false</IsTruncated>{keys}</ListBucketResult>", media_type="application/xml")


async def stored(request):
    """Writes, reads and deletes an object."""
    if _not_signed(request):
        return _denied()
    key = request.path_params["key"]
    if request.method == "PUT":
        content = await request.body()
        if "aws-chunked" in request.headers.get("content-encoding", ""):
            content = _without_chunk_signatures(content)
        objects[key] = content
    elif key not in objects:
        return Response("<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>", 404,
                        media_type="application/xml")
    headers = {"etag": f'"{hashlib.md5(objects[key]).hexdigest()}"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    if request.method == "PUT":
        return Response(headers=headers)
    if request.method == "DELETE":
        del objects[key]
        return Response(status_code=204)
    return Response(objects[key], headers=headers, media_type="application/octet-stream")


def _not_signed(request):
    """Whether the request has neither a signature of version 4 nor a signed query."""
    authorization = request.headers.get("authorization", "")
    return (not re.match(r"AWS4-HMAC-SHA256 Credential=\w+/\d{8}/.*Signature=[0-9a-f]{64}$", authorization)
            and "X-Amz-Signature" not in request.query_params)


def _denied():
    return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")


async def query_echo(request):
    """The query as the server reads it: names and values in order."""
    return JSONResponse(json.loads(json.dumps(request.query_params.multi_items())))


routes = [
    Route("/graphql", graphql, methods=["POST"]),
    Route("/soap", soap, methods=["POST"]),
    Route("/rpc", json_rpc, methods=["POST"]),
    Route("/protobuf", protobuf, methods=["POST"]),
    Route("/query", query_echo),
    Route("/s3/{bucket}", bucket, methods=["GET", "PUT"]),
    Route("/s3/{bucket}/{key:path}", stored, methods=["GET", "HEAD", "PUT", "DELETE"]),
]
