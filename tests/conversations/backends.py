"""Starts the real backends that conversations are recorded from, each with content of its own, on free ports."""
import contextlib
import os
import shutil
import subprocess
import sys
import zipfile

import requests

from backend.nginx import nginx
from backend.repositories import many_branches, three_commits
from processes import Failed, Process, free_port

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.environ["CONVERSATIONS_TOOLS"]
WORK = os.environ["CONVERSATIONS_WORK"]
CERTIFICATE, KEY = os.path.join(WORK, "cert.pem"), os.path.join(WORK, "key.pem")


class Running:
    """A backend that answers: its URL."""

    def __init__(self, url):
        self.url = url


@contextlib.contextmanager
def start(name, folder):
    """Starts a backend with its files in an empty folder; it ends with the `with` block."""
    for attempt in range(3):
        port = free_port()
        process = BACKENDS[name](folder, port)
        try:
            process.wait_for_port(port)
            break
        except Failed:
            # Another program may have taken the port meanwhile.
            process.stop()
            if attempt == 2:
                raise
    try:
        scheme = "https" if name in OVER_TLS else "http"
        url = f"{scheme}://127.0.0.1:{port}"
        if name in CONTENT:
            CONTENT[name](url)
        yield Running(url)
    finally:
        process.stop()


def prepare(work):
    """Makes the certificate of the backends that speak TLS."""
    if not os.path.exists(CERTIFICATE):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", KEY, "-out", CERTIFICATE,
             "-days", "365", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True, capture_output=True, cwd=work)


def _log(folder):
    return os.path.join(folder, "backend.log")


def _python(*arguments, folder):
    return Process([sys.executable, *arguments], _log(folder), cwd=HERE)


def _application(folder, port):
    return _python("-m", "uvicorn", "application:app", "--port", str(port), "--log-level", "warning",
                   folder=folder)


def _application_over_http2(folder, port):
    return _python("-m", "hypercorn", "application:app", "--bind", f"127.0.0.1:{port}", "--certfile", CERTIFICATE,
                   "--keyfile", KEY, folder=folder)


def _wire(folder, port):
    return _python("-m", "backend.wire", str(port), folder=folder)


def _grpc(folder, port):
    return _python("-m", "backend.grpc_service", str(port), folder=folder)


def _nginx(folder, port):
    return Process(nginx(folder, port, os.path.join(TOOLS, "debian")), _log(folder))


def _etcd(folder, port):
    clients, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    return Process(
        [os.path.join(TOOLS, "debian/usr/bin/etcd"), "--data-dir", os.path.join(folder, f"data-{port}"),
         "--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers,
         "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"], _log(folder))


def _git(folder, port):
    three_commits(folder)
    return _python("-m", "backend.git_over_http", str(port), folder, folder=folder)


def _git_with_many_branches(folder, port):
    many_branches(folder)
    return _python("-m", "backend.git_over_http", str(port), folder, folder=folder)


def _registry(folder, port):
    configuration = os.path.join(folder, "registry.yaml")
    with open(configuration, "w") as file:
        file.write(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: '{folder}/images'}}}}\n"
                   f"http: {{addr: '127.0.0.1:{port}', secret: x}}\n")
    return Process([os.path.join(TOOLS, "debian/usr/bin/docker-registry"), "serve", configuration], _log(folder))


def _registry_content(url):
    from client.packages import push_image
    push_image(requests.Session(), url, "app", "v1", b"layer" * 2000)


def _pypi(folder, port):
    packages = os.path.join(folder, "packages")
    os.makedirs(packages, exist_ok=True)
    for name, needs in (("tinypkg", "Requires-Dist: tinydep\n"), ("tinydep", "")):
        information = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(f"{packages}/{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "x = 1\n")
            wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
            wheel.writestr(f"{information}/WHEEL",
                           "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{information}/RECORD", "")
    return Process([os.path.join(TOOLS, "venv/bin/pypi-server"), "run", "-i", "127.0.0.1", "-p", str(port),
                    "--disable-fallback", packages], _log(folder))


def _json_server(folder, port):
    database = os.path.join(folder, "db.json")
    with open(database, "w") as file:
        file.write('{"posts": [{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]}')
    return Process([shutil.which("node"), os.path.join(TOOLS, "npm/node_modules/.bin/json-server"), "-H", "127.0.0.1",
                    "-p", str(port), "-q", database], _log(folder))


def _kubernetes(folder, port):
    objects = os.path.join(folder, "objects")
    os.makedirs(objects, exist_ok=True)
    for number in range(5):
        with open(f"{objects}/{number}.yaml", "w") as file:
            file.write("apiVersion: kubeflow.org/v1\nkind: TFJob\n"
                       f"metadata: {{name: t{number}, namespace: default}}\nspec: {{tfReplicaSpecs: {{}}}}\n")
    tokens = os.path.join(folder, "tokens")
    with open(tokens, "w") as file:
        file.write('admin-s3cr3t-token,admin,1,"system:masters"\n')
    return Process([os.environ["STANDIN"], "serve", "--tls", "--listen", f"127.0.0.1:{port}", "--fixtures", objects,
                    "--token-auth-file", tokens], _log(folder))


BACKENDS = {
    "application": _application,
    "application-http2": _application_over_http2,
    "wire": _wire,
    "grpc": _grpc,
    "nginx": _nginx,
    "etcd": _etcd,
    "git": _git,
    "git-branches": _git_with_many_branches,
    "registry": _registry,
    "pypi": _pypi,
    "json-server": _json_server,
    "kubernetes": _kubernetes,
}
OVER_TLS = {"application-http2", "kubernetes"}
# What a backend gets over HTTP before the conversation starts.
CONTENT = {"registry": _registry_content}
