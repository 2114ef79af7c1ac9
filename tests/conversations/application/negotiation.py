"""Answers that depend on header fields, and bodies whose bytes matter."""
import gzip

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

BODIES = {
    "duplicate-keys": (b'{"a": 1, "a": 2, "b": {"c": 1, "c": 1}}', "application/json"),
    "big-numbers": (b'{"id": 12345678901234567890123, "one": 1.0, "exp": 1E400, "tiny": 1e-400, "zero": -0.0}',
                    "application/json"),
    "escapes": (b'{"a":"\\u00e9\\/\\ud83d\\ude00",\n\t"b" : "\xc3\xa9"  }\r\n', "application/json; charset=utf-8"),
    "byte-order-mark": (b'\xef\xbb\xbf{"a": 1}', "application/json"),
    "null": (b"null", "application/json"),
    "not-json": (b"{'a': 1}", "application/json"),
    "empty-json": (b"", "application/json"),
    "latin1": ("gr\u00fc\u00dfe".encode("latin-1"), "text/plain; charset=iso-8859-1"),
    "utf16": ("gr\u00fc\u00dfe".encode("utf-16"), "text/plain; charset=utf-16"),
    "invalid-utf8": (b"a\xff\xfeb", "text/plain"),
    "protobuf": (b"\x08\x96\x01\x12\x07testing\x1a\x00", "application/x-protobuf"),
    "template": (b"{{request.path}} {{now}} ${x}", "text/plain"),
}


async def body(request):
    content, media_type = BODIES[request.path_params["name"]]
    return Response(content, headers={"content-type": media_type})


async def compressed(_):
    return Response(gzip.compress(b'{"hello": "gzip"}', mtime=0),
                    headers={"content-encoding": "gzip", "content-type": "application/json"})


async def negotiated(request):
    """The type by Accept, the text by Accept-Language."""
    accepted, language = request.headers.get("accept", ""), request.headers.get("accept-language", "")
    vary = {"vary": "Accept"}
    if "xml" in accepted:
        return Response(f"<a>{language}</a>", media_type="application/xml", headers=vary)
    if "json" in accepted:
        return JSONResponse({"a": language}, headers=vary)
    return PlainTextResponse(f"a {language}", headers=vary)


async def greeting(request):
    language = request.headers.get("accept-language", "en").split(",")[0]
    words = {"de": "Hallo", "fr": "Bonjour"}
    return PlainTextResponse(words.get(language, "Hello"), headers={
        "content-language": language, "vary": "Accept-Language"})


async def tenant(request):
    """Depends on a field of our own, which Vary names."""
    name = request.headers.get("x-tenant", "none")
    return JSONResponse({"tenant": name}, headers={"vary": "X-Tenant, Accept-Encoding"})


async def api_version(request):
    """Depends on a media type parameter."""
    version = "2" if "version=2" in request.headers.get("accept", "") else "1"
    return Response(f'{{"version": {version}}}', headers={
        "content-type": f"application/vnd.example+json;version={version}", "vary": "accept"})


async def shouted(request):
    """Sends back what came: the type, the query and a body of any kind, in capitals."""
    sent = await request.body()
    return Response(sent.upper(), headers={
        "content-type": request.headers.get("content-type", "application/octet-stream"),
        "x-query": request.url.query or "none"})


async def statuses(request):
    code = int(request.path_params["code"])
    return Response(status_code=code, headers={"x-code": str(code)})


routes = [
    Route("/bodies/{name}", body),
    Route("/compressed", compressed),
    Route("/negotiated", negotiated),
    Route("/greeting", greeting),
    Route("/tenant", tenant),
    Route("/version", api_version),
    Route("/shouted", shouted, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    Route("/statuses/{code}", statuses, methods=["GET", "POST", "DELETE"]),
]
