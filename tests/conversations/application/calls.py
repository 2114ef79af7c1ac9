"""Remote calls whose messages have something of their own each time, and answers that depend on unusual fields."""
import asyncio
import json
import time
import xmlrpc.client
from xml.etree import ElementTree

from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

ADDRESSING = "{http://www.w3.org/2005/08/addressing}"


async def xml_rpc(request):
    parameters, method = xmlrpc.client.loads(await request.body())
    if method != "join":
        answer = xmlrpc.client.dumps(xmlrpc.client.Fault(1, f"no method {method}"))
    else:
        answer = xmlrpc.client.dumps(("-".join(map(str, parameters)),), methodresponse=True)
    return Response(answer, media_type="text/xml")


async def addressed(request):
    """The operation is in wsa:Action; the body has the number."""
    envelope = ElementTree.fromstring(await request.body())
    action = envelope.find(f".//{ADDRESSING}Action").text.rpartition("/")[2]
    number = int(envelope.find(".//number").text)
    result = number + 1 if action == "Next" else number - 1
    return Response(f"<Envelope><Result>{result}</Result></Envelope>", media_type="application/soap+xml")


async def model_context(request):
    """JSON-RPC whose answers come as events, several of one call (MCP, streamable HTTP)."""
    call = await request.json()
    if "id" not in call:
        return Response(status_code=202)

    async def parts():
        if call["method"] == "tools/call":
            note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
            yield f"event: message\ndata: {json.dumps(note)}\n\n"
            await asyncio.sleep(0.1)
        answer = {"jsonrpc": "2.0", "id": call["id"], "result": {"of": call["method"]}}
        yield f"event: message\ndata: {json.dumps(answer)}\n\n"
    return StreamingResponse(parts(), media_type="text/event-stream")


async def tenant(request):
    """The answer depends on a field of the application's own, and no Vary says so."""
    return JSONResponse({"tenant": request.headers.get("x-tenant", "none"), "plan": request.headers.get("x-plan")})


async def shared(request):
    """What browsers of other origins ask, before the request and with it."""
    origin = request.headers.get("origin", "")
    allowed = {"access-control-allow-origin": origin} if origin.endswith(".example") else {}
    if request.method == "OPTIONS":
        method = request.headers.get("access-control-request-method", "")
        if method not in ("GET", "PUT"):
            return Response(status_code=403)
        return Response(status_code=204, headers={**allowed, "access-control-allow-methods": method})
    return PlainTextResponse("to a page" if origin else "to a program", headers=allowed)


async def signed(request):
    """A link that is valid for a minute."""
    if "signature" not in request.query_params:
        expires = int(time.time()) + 60
        path = request.url.path
        return JSONResponse({"url": f"{path}?expires={expires}&signature=s3cr3t{expires}&file=a"})
    if int(request.query_params["expires"]) < time.time():
        return PlainTextResponse("expired", 403)
    return PlainTextResponse("content of " + request.query_params["file"])


async def slow(request):
    """The first byte comes late, and later still for others."""
    await asyncio.sleep(float(request.query_params["wait"]))
    return PlainTextResponse("at last")


async def measured(request):
    """Takes lines with their times, and answers queries about a span of time, also to a script of a page."""
    if request.method == "POST":
        hosts = [line.split(b" ")[0].decode() for line in (await request.body()).splitlines()]
        return JSONResponse({"hosts": hosts})
    asked = request.query_params
    content = {"query": asked["query"], "span": round(float(asked["end"]) - float(asked["start"]))}
    if "callback" in asked:
        return Response(f"{asked['callback']}({json.dumps(content)});", media_type="text/javascript")
    return JSONResponse(content)


async def pieces(request):
    """Small chunks of a text without a length, at once."""
    async def parts():
        for word in ("to", "k", "en", " by tok", "en"):
            yield word
            await asyncio.sleep(0)
    return StreamingResponse(parts(), media_type=request.query_params["type"])


routes = [
    Route("/xml-rpc", xml_rpc, methods=["POST"]),
    Route("/addressed", addressed, methods=["POST"]),
    Route("/mcp", model_context, methods=["POST"]),
    Route("/tenant", tenant),
    Route("/shared", shared, methods=["GET", "PUT", "OPTIONS"]),
    Route("/signed", signed),
    Route("/slow", slow),
    Route("/measured", measured, methods=["GET", "POST"]),
    Route("/pieces", pieces),
]
