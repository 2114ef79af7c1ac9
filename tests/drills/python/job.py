"""Does under one scenario what programs on the official Python client do, with what the library itself has
against failures and nothing besides: whatever error it hands on ends the program."""

import os
import threading
import time
import traceback

import urllib3
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.utils.retry import retry_on_conflict

WHERE = dict(group="kubeflow.org", version="v1", namespace="kube-test", plural="tfjobs")
# Shorter than a drill: the program itself reports that it made no progress.
DEADLINE = 15
# How long a cache may take to be filled before its user continues without it.
SYNC_LIMIT = 3


def fail(why):
    print("FAILED:", why, flush=True)
    # From any thread, whatever the others are waiting for.
    os._exit(1)


def job(name):
    pod = {"spec": {"containers": [{"name": "tensorflow", "image": "busybox"}]}}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": name},
        "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": pod}}},
    }


class Token:
    """A token of the identity service, by the client's own hook, as its exec plugins do."""

    def __init__(self, configuration):
        self.refused = False
        self.present = self.fetch(configuration)
        if self.present:
            configuration.refresh_api_key_hook = self.refresh

    def fetch(self, configuration):
        answer = urllib3.request("POST", os.environ["STANDIN_URL"] + "/v3/auth/tokens", json={})
        if answer.status == 404:
            return False
        if answer.status != 201:
            raise RuntimeError(f"a request for a token was answered with {answer.status}")
        configuration.api_key["authorization"] = "Bearer " + answer.headers["X-Subject-Token"]
        return True

    def refresh(self, configuration):
        if self.refused:
            self.fetch(configuration)
            self.refused = False


class Jobs:
    """The jobs of the namespace, with a token where there is one."""

    def __init__(self, configuration=None, token=None):
        self.api = client.CustomObjectsApi(client.ApiClient(configuration))
        self.token = token

    def call(self, method, **arguments):
        try:
            return method(**WHERE, **arguments)
        except ApiException as error:
            if error.status != 401 or self.token is None or not self.token.present:
                raise
        # The hook fetches another token for the same call, which is repeated once.
        self.token.refused = True
        return method(**WHERE, **arguments)

    def page(self, **arguments):
        return self.call(self.api.list_namespaced_custom_object, **arguments)

    def list(self):
        page = self.page(limit=10)
        items = page["items"]
        while page["metadata"].get("continue"):
            page = self.page(limit=10, _continue=page["metadata"]["continue"])
            items += page["items"]
        return items

    def create(self, name):
        self.call(self.api.create_namespaced_custom_object, body=job(name))

    def get(self, name):
        return self.call(self.api.get_namespaced_custom_object, name=name)

    def patch(self, name, body):
        patch = self.api.patch_namespaced_custom_object
        self.call(patch, name=name, body=body, _content_type="application/merge-patch+json")

    def delete(self, name):
        self.call(self.api.delete_namespaced_custom_object, name=name)


def status(scenario):
    """Wants exactly the status that the scenario is named after."""
    expected = int(scenario.rpartition("-")[2])
    try:
        Jobs().page()
    except ApiException as error:
        if error.status == expected:
            return
        fail(f"the list ended with a status {error.status}, not {expected}")
    fail("the list was answered")


def paging():
    names = [item["metadata"]["name"] for item in Jobs().list()]
    if len(names) < 31 or len(set(names)) != len(names):
        fail(f"the list has {len(names)} entries for {len(set(names))} jobs")


def cycle(jobs):
    """The life of a job, seen by whoever asked for it."""
    jobs.list()
    jobs.create("good")
    jobs.get("good")
    retry_on_conflict(lambda: jobs.patch("good", {"metadata": {"labels": {"seen": "yes"}}}))
    jobs.delete("good")


class Cache:
    """What a list and the events since then say, as people write it around a watch."""

    def __init__(self):
        self.synced = threading.Event()
        self.names = set()

    def run(self):
        try:
            self.follow(client.CustomObjectsApi().list_namespaced_custom_object)
        except Exception as error:
            traceback.print_exc()
            fail(f"watching: {error!r}")

    def follow(self, list_jobs):
        while True:
            try:
                listed = list_jobs(**WHERE)
                self.names = {item["metadata"]["name"] for item in listed["items"]}
                self.synced.set()
                revision = listed["metadata"]["resourceVersion"]
                for event in watch.Watch().stream(list_jobs, resource_version=revision, **WHERE):
                    name = event["object"]["metadata"]["name"]
                    if event["type"] == "DELETED":
                        self.names.discard(name)
                    elif event["type"] in ("ADDED", "MODIFIED"):
                        self.names.add(name)
            except ApiException as error:
                # The revision has expired: start again.
                if error.status != 410:
                    raise


def watching():
    """Wants the cache to show in the end what is true."""
    jobs, cache = Jobs(), Cache()
    threading.Thread(target=cache.run, daemon=True).start()
    cache.synced.wait(SYNC_LIMIT)
    for name in ("w-1", "w-2", "w-3"):
        jobs.create(name)
        time.sleep(0.2)
    # A watch that has ended was replaced by now.
    time.sleep(1)
    jobs.delete("w-2")
    while not {"w-1", "w-3"} <= cache.names or "w-2" in cache.names:
        time.sleep(0.05)


def delete_all():
    jobs = Jobs()
    jobs.call(jobs.api.delete_collection_namespaced_custom_object)
    while jobs.page()["items"]:
        time.sleep(0.2)


def cycles(jobs, times, pause=0.0):
    for n in range(times):
        if n > 0:
            time.sleep(pause)
        cycle(jobs)


def main():
    config.load_kube_config()
    scenario = os.environ["STANDIN_SCENARIO"]
    theme = ([""] + scenario.split("/"))[-2]
    if theme == "status":
        status(scenario)
    elif theme == "paging":
        paging()
    elif theme == "watch":
        watching()
    elif theme == "auth":
        configuration = client.Configuration()
        config.load_kube_config(client_configuration=configuration)
        cycles(Jobs(configuration, Token(configuration)), 3)
    elif theme in ("throttling", "network", "control-plane", "semantics"):
        cycles(Jobs(), 3)
    elif theme == "brownout":
        cycles(Jobs(), 5, pause=1.2)
    elif theme == "delete":
        delete_all()
    else:
        fail(f"no task for the scenario {scenario!r}")


timer = threading.Timer(DEADLINE, fail, [f"not done within {DEADLINE} s"])
timer.daemon = True
timer.start()
try:
    main()
except Exception as error:
    traceback.print_exc()
    fail(repr(error))
print("ok", flush=True)
# Do not wait for a watch that never ends.
os._exit(0)
