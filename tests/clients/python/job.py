"""What people do with the official Python client, each outcome compared."""

import json
import os
import threading
import urllib.request
import ssl

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

MODE = os.environ["STANDIN_MODE"]
URL = os.environ["STANDIN_URL"]
GROUP, VERSION, PLURAL = "kubeflow.org", "v1", "tfjobs"
NAMESPACE = "default"


def ok(what, holds, *shown):
    if not holds:
        raise SystemExit(f"FAILED: {what}: {shown}")
    print("ok:", what)


def admin(path, body=None):
    """Asks the world's admin API."""
    context = ssl.create_default_context(cafile=os.environ["STANDIN_CA"]) if os.environ["STANDIN_CA"] else None
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(URL + path, data=data, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, context=context, timeout=20) as answer:
        return dict(answer.headers), json.loads(answer.read())


def job(name, labels=None):
    pod = {"spec": {"containers": [{"name": "tensorflow", "image": "busybox"}]}}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "TFJob",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": pod}}},
    }


config.load_kube_config()
core = client.CoreV1Api()
custom = client.CustomObjectsApi()
where = dict(group=GROUP, version=VERSION, namespace=NAMESPACE, plural=PLURAL)

ok("version", client.VersionApi().get_code().major == "1")
ok("list of a fixture", custom.list_namespaced_custom_object(GROUP, VERSION, "kube-test", PLURAL)["items"][0]["metadata"]["name"] == "tfjob-test")

# Typed: a built-in type, created, listed, patched.
core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="settings"), data={"a": "1"}))
core.patch_namespaced_config_map("settings", NAMESPACE, {"data": {"b": "2"}})
ok("a ConfigMap, patched", core.read_namespaced_config_map("settings", NAMESPACE).data == {"a": "1", "b": "2"})
ok("namespaces", "kube-system" in [item.metadata.name for item in core.list_namespace().items])

# Paging: 23 jobs by 5.
for n in range(23):
    custom.create_namespaced_custom_object(body=job(f"job-{n:02}", {"app": "demo"}), **where)
names, pages, token = [], 0, None
while token != "":
    page = custom.list_namespaced_custom_object(limit=5, **({"_continue": token} if token else {}), **where)
    names += [item["metadata"]["name"] for item in page["items"]]
    token = page["metadata"].get("continue", "")
    pages += 1
ok("continue paging", names == [f"job-{n:02}" for n in range(23)] and pages == 5, names, pages)

try:
    custom.get_namespaced_custom_object(name="absent", **where)
    ok("404", False)
except ApiException as error:
    ok("404", error.status == 404 and json.loads(error.body)["reason"] == "NotFound", error)
try:
    custom.create_namespaced_custom_object(body=job("job-00"), **where)
    ok("409", False)
except ApiException as error:
    ok("409", error.status == 409 and json.loads(error.body)["reason"] == "AlreadyExists", error)

# Patch: merge, JSON patch, server-side apply.
patched = custom.patch_namespaced_custom_object(name="job-00", body={"spec": {"backoffLimit": 3}}, _content_type="application/merge-patch+json", **where)
ok("merge patch", patched["spec"]["backoffLimit"] == 3)
patched = custom.patch_namespaced_custom_object(
    name="job-00", body=[{"op": "replace", "path": "/spec/backoffLimit", "value": 4}], _content_type="application/json-patch+json", **where
)
ok("JSON patch", patched["spec"]["backoffLimit"] == 4)
# The client has no type for the answer 201 and returns nothing; it is there all the same.
custom.patch_namespaced_custom_object(
    name="applied", body=job("applied"), field_manager="python", _content_type="application/apply-patch+yaml", **where
)
applied = custom.get_namespaced_custom_object(name="applied", **where)
ok("server-side apply", applied["metadata"]["managedFields"][0]["manager"] == "python")
status = dict(patched, status={"conditions": [{"type": "Running", "status": "True"}]})
ok("status", custom.replace_namespaced_custom_object_status(name="job-00", body=status, **where)["status"]["conditions"][0]["type"] == "Running")

# Watch: from now, with a write from another thread; a revision that is gone.
listed = custom.list_namespaced_custom_object(**where)
revision = listed["metadata"]["resourceVersion"]


def write():
    custom.create_namespaced_custom_object(body=job("watched"), **where)
    custom.patch_namespaced_custom_object(name="watched", body={"spec": {"backoffLimit": 1}}, _content_type="application/merge-patch+json", **where)
    custom.delete_namespaced_custom_object(name="watched", **where)


writer = threading.Thread(target=write)
writer.start()
seen = []
for event in watch.Watch().stream(custom.list_namespaced_custom_object, resource_version=revision, timeout_seconds=20, **where):
    seen.append((event["type"], event["object"]["metadata"]["name"]))
    if event["type"] == "DELETED":
        break
writer.join()
ok("watch", seen == [("ADDED", "watched"), ("MODIFIED", "watched"), ("DELETED", "watched")], seen)
now = custom.list_namespaced_custom_object(**where)["metadata"]["resourceVersion"]
admin("/__admin/store/compact", {"revision": now})
try:
    for event in watch.Watch().stream(custom.list_namespaced_custom_object, resource_version=revision, timeout_seconds=5, **where):
        pass
    ok("a watch from a revision that is gone", False)
except ApiException as error:
    ok("a watch from a revision that is gone", error.status == 410, error)
# As its users do then: from the beginning, with all there is.
stream = watch.Watch()
for event in stream.stream(custom.list_namespaced_custom_object, timeout_seconds=20, **where):
    ok("a watch from the beginning", event["type"] == "ADDED", event)
    stream.stop()

# Delete: one, then what a selector finds, then all.
custom.delete_namespaced_custom_object(name="applied", body=client.V1DeleteOptions(propagation_policy="Background"), **where)
deleted = custom.delete_collection_namespaced_custom_object(label_selector="app=demo", **where)
ok("delete_collection_namespaced_custom_object", isinstance(deleted, dict) and deleted["kind"] in ("TFJobList", "Status"), deleted)
ok("nothing is left", custom.list_namespaced_custom_object(**where)["items"] == [])

# The hook that gives a fresh token.
fetched = []


def fresh(configuration):
    if MODE == "cci" and (not fetched or fetched[-1] == "expired"):
        headers, _ = admin("/v3/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "u", "password": "p"}}}}})
        fetched.append({key.lower(): value for key, value in headers.items()}["x-subject-token"])
        configuration.api_key["BearerToken"] = f"Bearer {fetched[-1]}"
    elif MODE != "cci":
        fetched.append("any")
        configuration.api_key["BearerToken"] = "Bearer any"


configuration = client.Configuration()
config.load_kube_config(client_configuration=configuration)
# The client asks the hook only where it has a token to begin with.
configuration.api_key["BearerToken"] = "Bearer old"
configuration.refresh_api_key_hook = fresh
with client.ApiClient(configuration) as hooked:
    api = client.CustomObjectsApi(hooked)
    api.list_namespaced_custom_object(**where)
    ok("the hook was asked for a token", len(fetched) >= 1, fetched)
    if MODE == "cci":
        first = fetched[-1]
        admin("/__admin/clock/advance", {"by": "25h"})
        try:
            api.list_namespaced_custom_object(**where)
            ok("a token expires", False)
        except ApiException as error:
            ok("a token expires", error.status == 401 and "APIG.0301" in error.body, error)
        fetched.append("expired")
        api.list_namespaced_custom_object(**where)
        ok("the hook fetched another token", fetched[-1] not in (first, "expired"), fetched)
