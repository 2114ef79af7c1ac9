"""Answers that take their time: server-sent events, JSON lines, WebSockets, big bodies."""
import asyncio
import json

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute

PAUSE = 0.2


async def events(_):
    """Five events with pauses."""
    async def parts():
        for number in range(5):
            yield f"id: {number}\nevent: tick\ndata: {json.dumps({'i': number})}\n\n"
            await asyncio.sleep(PAUSE)
    return StreamingResponse(parts(), media_type="text/event-stream")


async def endless_events(_):
    async def parts():
        number = 0
        while True:
            yield f"data: {number}\n\n"
            number += 1
            await asyncio.sleep(0.1)
    return StreamingResponse(parts(), media_type="text/event-stream")


async def resumed_events(request):
    """Three events at a time; Last-Event-ID says where to go on; nothing is left after the ninth."""
    last = int(request.headers.get("last-event-id", 0))
    if last >= 9:
        return Response(status_code=204)

    async def parts():
        yield "retry: 10\n\n"
        for number in range(last + 1, last + 4):
            yield f"id: {number}\ndata: event {number}\n\n"
            await asyncio.sleep(0.05)
    return StreamingResponse(parts(), media_type="text/event-stream")


async def json_lines(_):
    """Five lines with pauses."""
    async def parts():
        for number in range(5):
            yield json.dumps({"i": number}) + "\n"
            await asyncio.sleep(PAUSE)
    return StreamingResponse(parts(), media_type="application/x-ndjson")


async def ingest(request):
    """Answers each line of the body with a line, like a bulk interface."""
    sent = await request.body()

    async def parts():
        for line in sent.splitlines():
            yield json.dumps({"took": len(line), "item": json.loads(line).get("n")}) + "\n"
    return StreamingResponse(parts(), media_type="application/x-ndjson")


async def big(request):
    """So many MiB, with a length."""
    size = int(request.path_params["size"])
    block = bytes(range(256)) * 4096

    async def parts():
        for _ in range(size):
            yield block
    return StreamingResponse(parts(), media_type="application/octet-stream",
                             headers={"content-length": str(size << 20)})


async def echo(socket):
    """Sends each message back, until the client closes."""
    await socket.accept()
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            await socket.send_text(message["text"].upper())
        else:
            await socket.send_bytes(message["bytes"][::-1])


async def push(socket):
    """Sends four messages without being asked, and closes with a code of its own."""
    await socket.accept(subprotocol="ticks.v1" if "ticks.v1" in socket.scope["subprotocols"] else None)
    for number in range(4):
        await socket.send_json({"tick": number})
        await asyncio.sleep(0.1)
    await socket.close(4001, "enough")


routes = [
    Route("/events", events),
    Route("/endless-events", endless_events),
    Route("/resumed-events", resumed_events),
    Route("/json-lines", json_lines),
    Route("/ingest", ingest, methods=["POST"]),
    Route("/big/{size}", big),
    WebSocketRoute("/sockets/echo", echo),
    WebSocketRoute("/sockets/push", push),
]
