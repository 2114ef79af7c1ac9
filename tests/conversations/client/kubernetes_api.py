"""The Kubernetes client for Python, on a server of this project as the backend, over TLS and with a token."""
from client.talk import conversation, say

KIND = ("kubeflow.org", "v1", "default", "tfjobs")


def _api(base):
    from kubernetes import client
    configuration = client.Configuration()
    configuration.host, configuration.verify_ssl = base, False
    configuration.api_key = {"authorization": "Bearer admin-s3cr3t-token"}
    return client.CustomObjectsApi(client.ApiClient(configuration))


def _job(name):
    return {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": name},
            "spec": {"tfReplicaSpecs": {}}}


@conversation("kubernetes")
def kubernetes_pages(base):
    """A list in pages with continue tokens, and a watch that ends by its own timeout."""
    from kubernetes import watch
    api, names, token = _api(base), [], None
    while True:
        page = api.list_namespaced_custom_object(*KIND, limit=2, **({"_continue": token} if token else {}))
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue")
        if not token:
            break
    say(names)
    for event in watch.Watch().stream(api.list_namespaced_custom_object, *KIND, timeout_seconds=2):
        say(event["type"], event["object"]["metadata"]["name"])


@conversation("kubernetes")
def kubernetes_writes(base):
    """An object is created, read, patched, listed and deleted; errors in between."""
    from kubernetes.client.exceptions import ApiException
    api = _api(base)

    def attempt(call, *arguments):
        try:
            answer = call(*arguments)
            say(call.__name__, answer.get("kind"), answer.get("spec"), answer.get("status"))
        except ApiException as error:
            say(call.__name__, error.status, error.reason)
    attempt(api.get_namespaced_custom_object, *KIND, "new")
    attempt(api.create_namespaced_custom_object, *KIND, _job("new"))
    attempt(api.create_namespaced_custom_object, *KIND, _job("new"))
    attempt(api.get_namespaced_custom_object, *KIND, "new")
    attempt(api.patch_namespaced_custom_object, *KIND, "new", {"spec": {"cleanPodPolicy": "All"}})
    attempt(api.get_namespaced_custom_object, *KIND, "new")
    attempt(api.delete_namespaced_custom_object, *KIND, "new")
    attempt(api.get_namespaced_custom_object, *KIND, "new")


@conversation("kubernetes")
def kubernetes_watch(base):
    """A list, a change, and a watch from the list's revision that has the change."""
    from kubernetes import watch
    api = _api(base)
    revision = api.list_namespaced_custom_object(*KIND)["metadata"]["resourceVersion"]
    api.create_namespaced_custom_object(*KIND, _job("new"))
    api.delete_namespaced_custom_object(*KIND, "t1")
    stream = watch.Watch().stream(api.list_namespaced_custom_object, *KIND, resource_version=revision,
                                  timeout_seconds=2)
    for event in stream:
        say(event["type"], event["object"]["metadata"]["name"])
