"""An operator on kopf, at work for a minute: jobs come, change, and go when it has cleaned up."""

import asyncio
import json
import os
import ssl
import time
import urllib.error
import urllib.request

import kopf

URL = os.environ["STANDIN_URL"]
GROUP, VERSION, PLURAL = "batch.volcano.sh", "v1alpha1", "jobs"
SECONDS = 60

created, updated, deleted, ticks, events = set(), {}, set(), {}, []


@kopf.on.startup()
async def settings(settings, **_):
    settings.posting.enabled = True
    settings.persistence.finalizer = "example.com/kopf"
    settings.peering.standalone = True


@kopf.on.create(GROUP, VERSION, PLURAL)
async def on_create(name, patch, **_):
    created.add(name)
    patch.status["state"] = {"phase": "Running"}
    return {"seen": True}


@kopf.on.update(GROUP, VERSION, PLURAL, field="spec.minAvailable")
async def on_update(name, old, new, body, **_):
    updated[name] = (old, new)
    kopf.info(body, reason="Scaled", message=f"from {old} to {new}")


@kopf.on.delete(GROUP, VERSION, PLURAL)
async def on_delete(name, retry, **_):
    if retry == 0:
        raise kopf.TemporaryError("not yet", delay=0.5)
    deleted.add(name)


@kopf.timer(GROUP, VERSION, PLURAL, interval=1.0)
async def tick(name, **_):
    ticks[name] = ticks.get(name, 0) + 1


@kopf.on.event(GROUP, VERSION, PLURAL)
async def on_event(event, **_):
    events.append(event["type"])


def ask(method, path, body=None, media="application/json"):
    context = ssl.create_default_context(cafile=os.environ["STANDIN_CA"]) if os.environ["STANDIN_CA"] else None
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(URL + path, data=data, method=method, headers={"content-type": media})
    try:
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def ok(what, holds, *shown):
    if not holds:
        raise SystemExit(f"FAILED: {what}: {shown}")
    print("ok:", what, flush=True)


async def eventually(what, holds, *shown):
    deadline = time.monotonic() + 30
    while not holds():
        if time.monotonic() > deadline:
            ok(what, False, *shown)
        await asyncio.sleep(0.05)
    ok(what, True)


async def drive():
    """What users do, while the operator runs."""
    jobs = f"/apis/{GROUP}/{VERSION}/namespaces/default/{PLURAL}"
    call = lambda *args, **more: asyncio.to_thread(ask, *args, **more)
    started, n = time.monotonic(), 0
    while time.monotonic() - started < SECONDS or n < 3:
        name = f"job-{n:03}"
        n += 1
        job = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Job", "metadata": {"name": name}, "spec": {"minAvailable": 1}}
        await call("POST", jobs, job)
        await eventually(f"{name} was handled", lambda: name in created)
        async def read():
            return await call("GET", f"{jobs}/{name}")
        found = await read()
        while found.get("status", {}).get("state", {}).get("phase") != "Running":
            await asyncio.sleep(0.05)
            found = await read()
        ok("it has the finalizer", "example.com/kopf" in found["metadata"]["finalizers"], found["metadata"])
        await call("PATCH", f"{jobs}/{name}", {"spec": {"minAvailable": 2}}, media="application/merge-patch+json")
        await eventually("the change was handled", lambda: updated.get(name) == (1, 2), updated)
        await eventually("the timer runs", lambda: ticks.get(name, 0) >= 2, ticks)
        await call("DELETE", f"{jobs}/{name}")
        await eventually("the deletion was handled, at the second try", lambda: name in deleted, deleted)
        deadline = time.monotonic() + 30
        while (await read()).get("reason") != "NotFound":
            ok("it is gone", time.monotonic() < deadline)
            await asyncio.sleep(0.05)
        if n == 2:
            # Its watch begins anew where the server forgets what was.
            listed = await call("GET", jobs)
            await call("POST", "/__admin/store/compact", {"revision": listed["metadata"]["resourceVersion"]})
    posted = await call("GET", "/api/v1/namespaces/default/events")
    ok("events were posted", any(item["reason"] == "Scaled" for item in posted["items"]), len(posted["items"]))
    ok("events were seen", {"ADDED", "MODIFIED", "DELETED"} <= set(events), set(events))
    print(f"{n} jobs in {time.monotonic() - started:.0f} s")


async def main():
    stop = asyncio.Event()
    ready = asyncio.Event()
    operator = asyncio.create_task(kopf.operator(namespaces=["default"], stop_flag=stop, ready_flag=ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({operator, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    ok("the operator is ready", ready.is_set() and not operator.done())
    driving = asyncio.create_task(drive())
    await asyncio.wait({operator, driving}, return_when=asyncio.FIRST_COMPLETED)
    ok("the operator still runs", not operator.done(), operator.done() and operator.exception())
    await driving
    stop.set()
    await asyncio.wait_for(operator, timeout=20)


asyncio.run(main())
