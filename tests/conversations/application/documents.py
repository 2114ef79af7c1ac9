"""State that requests change: jobs, counters, documents with ETags, feeds, payments with idempotency keys."""
import asyncio
import itertools
import json

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

numbers = itertools.count(1)
jobs, documents, payments, feed_asked = {}, {}, {}, itertools.count()


async def new_job(_):
    number = str(next(numbers))
    jobs[number] = 0
    return JSONResponse({"id": number, "state": "queued"}, 202, headers={"location": f"/jobs/{number}"})


async def job(request):
    number = request.path_params["number"]
    jobs[number] += 1
    state = ["queued", "running", "running", "done"][min(jobs[number], 3)]
    return JSONResponse({"id": number, "state": state, "polls": jobs[number]})


async def counter(_):
    return JSONResponse({"n": next(numbers)})


async def items(request):
    """Six items of a collection, in pages by limit and cursor."""
    start, limit = int(request.query_params.get("cursor", 0)), int(request.query_params["limit"])
    end = start + limit
    return JSONResponse({"items": list(range(start, min(end, 6))), "next": end if end < 6 else None})


async def document(request):
    """A JSON document with an ETag: conditional writes, merge patches, deletion."""
    name = request.path_params["name"]
    version, content = documents.get(name, (0, None))
    method, headers = request.method, request.headers
    if method in ("GET", "HEAD"):
        if content is None:
            return JSONResponse({"error": "not found"}, 404)
        if headers.get("if-none-match") == f'"{version}"':
            return Response(status_code=304, headers={"etag": f'"{version}"'})
        return JSONResponse(content, headers={"etag": f'"{version}"'})
    if headers.get("if-none-match") == "*" and content is not None:
        return JSONResponse({"error": "exists"}, 412)
    if "if-match" in headers and headers["if-match"] != f'"{version}"':
        return JSONResponse({"error": "changed", "version": version}, 412)
    if content is not None and "if-match" not in headers and method == "PUT":
        return JSONResponse({"error": "If-Match is required"}, 428)
    if method == "DELETE":
        documents.pop(name, None)
        return Response(status_code=204)
    sent = await request.json()
    if method == "PATCH":
        sent = {key: value for key, value in {**content, **sent}.items() if value is not None}
    documents[name] = (version + 1, sent)
    return JSONResponse(sent, 201 if content is None else 200, headers={"etag": f'"{version + 1}"'})


async def feed(request):
    """Changes with every third request."""
    version = next(feed_asked) // 3
    if request.headers.get("if-none-match") == f'"feed-{version}"':
        return Response(status_code=304, headers={"etag": f'"feed-{version}"'})
    return JSONResponse({"version": version}, headers={"etag": f'"feed-{version}"', "cache-control": "no-cache"})


async def changes(request):
    """Long polling: waits a moment, and answers with what came after `since`."""
    since = int(request.query_params["since"])
    await asyncio.sleep(0.2)
    if since == 2:
        return Response(status_code=204)
    return JSONResponse({"changes": [f"change {since + 1}"], "last": since + 1})


async def payment(request):
    """One payment for each idempotency key, however often it is sent."""
    key = request.headers["idempotency-key"]
    replayed = key in payments
    if not replayed:
        payments[key] = {"id": len(payments) + 1, "amount": (await request.json())["amount"]}
    return JSONResponse(payments[key], 200 if replayed else 201, headers={"idempotent-replayed": str(replayed).lower()})


async def stamped(request):
    """Takes requests with identifiers and times that differ in each run."""
    sent = json.loads(await request.body() or b"{}")
    return JSONResponse({"operation": sent.get("operation", request.method), "ok": True})


routes = [
    Route("/jobs", new_job, methods=["POST"]),
    Route("/jobs/{number}", job),
    Route("/counter", counter, methods=["GET", "POST"]),
    Route("/collections/{name}/items", items),
    Route("/documents/{name}", document, methods=["GET", "PUT", "PATCH", "DELETE"]),
    Route("/feed", feed),
    Route("/changes", changes),
    Route("/payments", payment, methods=["POST"]),
    Route("/stamped", stamped, methods=["GET", "POST"]),
]
