"""Tools that fetch and push: git, pip, npm, helm's repositories, container registries."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.parse

import yaml

from client.talk import conversation, say, say_answer, session, short_hash

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def _git(*arguments, folder="."):
    """Runs git without settings of the machine, and with the same dates in each run."""
    environment = dict(
        os.environ, GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null",
        GIT_AUTHOR_DATE="2026-01-01T00:00:00Z", GIT_COMMITTER_DATE="2026-01-01T00:00:00Z")
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=40)


@conversation("git")
def git(base):
    """Clone, and a fetch that finds nothing new."""
    cloned = _git("clone", "-q", base + "/small.git", "copy")
    say("clone", cloned.returncode, cloned.stderr)
    say(_git("log", "--format=%H", folder="copy").stdout.split(), sorted(os.listdir("copy")))
    fetched = _git("fetch", "-q", folder="copy")
    say("fetch", fetched.returncode, fetched.stderr)


@conversation("git")
def git_shallow(base):
    """A shallow clone that is deepened later, and one without file contents."""
    for options in (["--depth=1"], ["--filter=blob:none", "--no-checkout"]):
        shutil.rmtree("copy", ignore_errors=True)
        cloned = _git("clone", "-q", *options, base + "/small.git", "copy")
        say("clone", cloned.returncode, cloned.stderr)
        say(_git("log", "--format=%H", folder="copy").stdout.split())
    shutil.rmtree("copy")
    _git("clone", "-q", "--depth=1", base + "/small.git", "copy")
    fetched = _git("fetch", "-q", "--unshallow", folder="copy")
    say("fetch", fetched.returncode, fetched.stderr, len(_git("log", "--format=%H", folder="copy").stdout.split()))


@conversation("git")
def git_push(base):
    """Clone, commit, push, and a second clone that has the commit."""
    _git("clone", "-q", base + "/small.git", "copy")
    with open("copy/new", "w") as file:
        file.write("new\n" * 1000)
    _git("add", ".", folder="copy")
    say(_git("commit", "-q", "-m", "new", folder="copy").returncode)
    pushed = _git("push", "-q", "origin", "HEAD:master", folder="copy")
    say("push", pushed.returncode, pushed.stderr)
    cloned = _git("clone", "-q", base + "/small.git", "second")
    say("clone", cloned.returncode, sorted(os.listdir("second")))


@conversation("git-branches")
def git_many(base):
    """A clone of 60 branches, whose request is compressed."""
    cloned = _git("clone", "-q", base + "/many.git", "copy")
    say("clone", cloned.returncode, cloned.stderr, len(_git("branch", "-r", folder="copy").stdout.splitlines()))


@conversation("pypi")
def pip(base):
    """pip downloads two packages from an index, one that needs the other."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--isolated", "--no-cache-dir", "--disable-pip-version-check", "-q",
         "--retries", "0", "--index-url", base + "/simple/", "-d", "wheels", "tinypkg"],
        capture_output=True, text=True, env=environment)
    say(fetched.returncode, fetched.stderr.strip()[-300:])
    for name in sorted(os.listdir("wheels")):
        with open(f"wheels/{name}", "rb") as file:
            say(name, short_hash(file.read()))


@conversation()
def npm(base):
    """npm installs two packages from a registry that gives absolute URLs of the archives."""
    with open("package.json", "w") as file:
        json.dump({"name": "user", "private": True}, file)
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--no-update-notifier", "--cache", "npm-cache", "--fetch-retries",
         "0", "--registry", base + "/npm/", "tiny"], capture_output=True, text=True)
    say(installed.returncode, installed.stderr[-300:])
    say(sorted(name for name in os.listdir("node_modules") if not name.startswith(".")))


@conversation()
def helm_repository(base):
    """A chart by the URL in a repository's index, with the hash that the index has."""
    http = session()
    answer = http.get(base + "/charts/index.yaml")
    entry = yaml.safe_load(answer.text)["entries"]["app"][0]
    say(entry["urls"])
    chart = http.get(entry["urls"][0]).content
    say(entry["version"], hashlib.sha256(chart).hexdigest() == entry["digest"])


def push_image(http, base, name, tag, layer):
    """Pushes an image of one layer, and returns the status of each step."""
    statuses, blobs = [], []
    for content in (b"{}", layer):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        blobs.append({"size": len(content), "digest": digest})
        statuses.append(http.head(f"{base}/v2/{name}/blobs/{digest}").status_code)
        started = http.post(f"{base}/v2/{name}/blobs/uploads/")
        sent = http.patch(urllib.parse.urljoin(base, started.headers["location"]), data=content,
                          headers={"Content-Type": "application/octet-stream"})
        place = urllib.parse.urljoin(base, sent.headers["location"])
        joined = "&" if "?" in place else "?"
        done = http.put(f"{place}{joined}digest={urllib.parse.quote(digest)}")
        statuses += [started.status_code, sent.status_code, done.status_code]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **blobs[0]},
                "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **blobs[1]}]}
    done = http.put(f"{base}/v2/{name}/manifests/{tag}", data=json.dumps(manifest), headers={"Content-Type": MANIFEST})
    return statuses + [done.status_code]


@conversation("registry")
def image_manifest(base):
    """The manifest of an image, whose bytes have the hash that the registry says."""
    answer = session().get(base + "/v2/app/manifests/v1", headers={"Accept": MANIFEST})
    digest = "sha256:" + hashlib.sha256(answer.content).hexdigest()
    say(answer.status_code, answer.headers["docker-content-digest"] == digest)


@conversation("registry")
def image_pull(base):
    """An image with its layers, by tag and by hash, and its tags."""
    http = session()
    say(http.get(base + "/v2/").status_code, http.get(base + "/v2/app/tags/list").json())
    answer = http.get(base + "/v2/app/manifests/v1", headers={"Accept": MANIFEST})
    for blob in (answer.json()["config"], *answer.json()["layers"]):
        content = http.get(f"{base}/v2/app/blobs/{blob['digest']}").content
        say(blob["digest"] == "sha256:" + hashlib.sha256(content).hexdigest())
    digest = answer.headers["docker-content-digest"]
    say_answer(http.head(f"{base}/v2/app/manifests/{digest}", headers={"Accept": MANIFEST}), "content-length")
    say(http.get(base + "/v2/none/manifests/v1").status_code)


@conversation("registry")
def image_push(base):
    """An image is pushed: each upload has a Location with a random name; then its tags are listed."""
    http = session()
    say(push_image(http, base, "new", "v2", b"other" * 1000))
    say(http.get(base + "/v2/new/tags/list").json())
