"""Answers that are another one at the second attempt, and uploads in parts."""
import hashlib

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

attempts = {}
uploads = {}


def _attempt(key):
    attempts[key] = attempts.get(key, 0) + 1
    return attempts[key]


async def limited(request):
    """Too many requests at first, each name for itself."""
    if _attempt(request.url.path) <= 2:
        return PlainTextResponse("slow down", 429, headers={"retry-after": "0"})
    return JSONResponse({"attempts": attempts[request.url.path]})


async def unsure(request):
    """Takes an upload at the second attempt."""
    body = await request.body()
    if _attempt(hashlib.sha256(body).hexdigest()) == 1:
        return PlainTextResponse("try again", 503)
    return JSONResponse({"bytes": len(body), "attempt": attempts[hashlib.sha256(body).hexdigest()]}, 201)


async def large_object(request):
    """An upload in parts: begun, each part, the list of parts, completed or aborted."""
    query = request.query_params
    if request.method == "POST" and "uploads" in query:
        name = f"upload-{len(uploads) + 1}"
        uploads[name] = {}
        return Response(f"<R><UploadId>{name}</UploadId></R>", media_type="application/xml")
    parts = uploads.get(query.get("uploadId", ""))
    if parts is None:
        return Response("<Error><Code>NoSuchUpload</Code></Error>", 404, media_type="application/xml")
    if request.method == "PUT":
        body = await request.body()
        parts[int(query["partNumber"])] = len(body)
        return Response(headers={"etag": f'"{hashlib.md5(body).hexdigest()}"'})
    if request.method == "DELETE":
        del uploads[query["uploadId"]]
        return Response(status_code=204)
    if request.method == "GET":
        found = "".join(f"<Part>{number}:{size}</Part>" for number, size in sorted(parts.items()))
        return Response(f"<R>{found}</R>", media_type="application/xml")
    return Response(f"<R><Size>{sum(parts.values())}</Size></R>", media_type="application/xml")


async def versioned(request):
    """Another version, with another tag, after every second look."""
    version = (_attempt("versioned") + 1) // 2
    tag = f'"v{version}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return JSONResponse({"version": version}, headers={"etag": tag})


routes = [
    Route("/limited/{name}", limited),
    Route("/unsure", unsure, methods=["PUT"]),
    Route("/large/{key}", large_object, methods=["POST", "PUT", "GET", "DELETE"]),
    Route("/versioned", versioned),
]
