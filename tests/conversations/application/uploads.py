"""Uploads: forms with files, plain and compressed bodies, and uploads in parts."""
import gzip
import hashlib
import itertools

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

partial, uploads, numbers = {}, {}, itertools.count(1)


async def upload(request):
    """Answers with what is in a multipart form, part by part."""
    form = await request.form()
    parts = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            parts.append([name, value])
        else:
            content = await value.read()
            parts.append([name, value.filename, len(content), hashlib.sha256(content).hexdigest()[:12]])
    return JSONResponse(parts)


async def sink(request):
    """Reads a body of any size; answers with its length and hash."""
    size, content = 0, hashlib.sha256()
    async for chunk in request.stream():
        size += len(chunk)
        content.update(chunk)
    return JSONResponse({"bytes": size, "sha256": content.hexdigest()})


async def unpack(request):
    """Reads a body that may be compressed."""
    sent = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        sent = gzip.decompress(sent)
    return Response(sent[::-1], media_type="text/plain")


async def resumable(request):
    """Takes a file in ranges: 308 with what has arrived, 201 at the end, as Google's storage does."""
    name = request.path_params["name"]
    unit, _, span = request.headers["content-range"].partition(" ")
    have = partial.setdefault(name, b"")
    window, _, total = span.partition("/")
    if window != "*":
        first = int(window.split("-")[0])
        if first != len(have):
            return JSONResponse({"error": "gap", "unit": unit}, 416)
        have = partial[name] = have + await request.body()
    if len(have) == int(total):
        return JSONResponse({"name": name, "sha256": hashlib.sha256(have).hexdigest()}, 201)
    return Response(status_code=308, headers={"range": f"bytes=0-{len(have) - 1}"} if have else {})


async def tus_create(request):
    number = str(next(numbers))
    uploads[number] = [int(request.headers["upload-length"]), b""]
    return Response(status_code=201, headers={
        "location": f"{str(request.base_url).rstrip('/')}/tus/{number}", "tus-resumable": "1.0.0"})


async def tus_upload(request):
    """HEAD asks for the offset, PATCH appends at it, as the protocol tus has it."""
    length, content = uploads[request.path_params["number"]]
    headers = {"tus-resumable": "1.0.0", "cache-control": "no-store"}
    if request.method == "PATCH":
        if int(request.headers["upload-offset"]) != len(content):
            return Response(status_code=409, headers=headers)
        content += await request.body()
        uploads[request.path_params["number"]][1] = content
    headers.update({"upload-offset": str(len(content)), "upload-length": str(length)})
    return Response(status_code=204 if request.method == "PATCH" else 200, headers=headers)


routes = [
    Route("/upload", upload, methods=["POST"]),
    Route("/sink", sink, methods=["POST", "PUT"]),
    Route("/unpack", unpack, methods=["POST"]),
    Route("/resumable/{name}", resumable, methods=["PUT"]),
    Route("/tus", tus_create, methods=["POST"]),
    Route("/tus/{number}", tus_upload, methods=["HEAD", "PATCH"]),
]
