"""Answers that contain absolute URLs of the backend: next links of all kinds, HTML, XML, packages of npm and helm."""
import base64
import gzip
import hashlib
import io
import json
import tarfile

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route


def _base(request):
    return str(request.base_url).rstrip("/")


def _page(request):
    """Two of six items, and the URL of the next page."""
    page = int(request.query_params.get("page", 1))
    following = f"{_base(request)}{request.url.path}?page={page + 1}" if page < 3 else None
    return [page * 2 - 1, page * 2], following


async def by_link(request):
    found, following = _page(request)
    headers = {"link": f'<{following}>; rel="next", <{_base(request)}/linked?page=3>; rel="last"'} if following else {}
    return JSONResponse(found, headers=headers)


async def by_odata(request):
    found, following = _page(request)
    context = {"@odata.context": f"{_base(request)}/odata/$metadata", "value": found}
    return JSONResponse({**context, **({"@odata.nextLink": following} if following else {})})


async def by_hal(request):
    found, following = _page(request)
    links = {"self": {"href": str(request.url)}, **({"next": {"href": following}} if following else {})}
    return JSONResponse({"_links": links, "_embedded": {"items": found}}, media_type="application/hal+json")


async def site(request):
    return HTMLResponse(f'<a href="{_base(request)}/site/about">about</a> <img src="{_base(request)}/logo.png">'
                        f"<script>var api = '{_base(request)}/api';</script>")


async def about(_):
    return HTMLResponse("<p>about</p>")


async def sitemap(request):
    return Response(f"<?xml version='1.0'?><urlset><url><loc>{_base(request)}/site/about</loc></url></urlset>",
                    media_type="application/xml")


async def moved(request):
    """A chain of redirects, absolute and relative."""
    step = int(request.path_params["step"])
    if step == 3:
        return PlainTextResponse("arrived")
    target = f"/moved/{step + 1}"
    return RedirectResponse(_base(request) + target if step % 2 else target, 307)


def _archive(files):
    """A gzip-compressed tar archive, the same in each run."""
    output = io.BytesIO()
    with gzip.GzipFile(fileobj=output, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()


NPM_PACKAGES = {
    name: _archive({"package/package.json": json.dumps(
        {"name": name, "version": "1.0.0", "dependencies": needs}).encode(), "package/index.js": b"module.exports = 1\n"})
    for name, needs in (("tiny", {"tiny-part": "^1.0.0"}), ("tiny-part", {}))
}
CHART = _archive({"app/Chart.yaml": b"apiVersion: v2\nname: app\nversion: 0.1.0\n"})


async def npm_package(request):
    """What an npm registry says of a package: versions, with the URL and the hash of the archive."""
    name = request.path_params["name"]
    if name not in NPM_PACKAGES:
        return JSONResponse({"error": "not_found"}, 404)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(NPM_PACKAGES[name]).digest()).decode()
    version = {"name": name, "version": "1.0.0", "dependencies": {"tiny-part": "^1.0.0"} if name == "tiny" else {},
               "dist": {"tarball": f"{_base(request)}/npm/{name}/-/{name}-1.0.0.tgz", "integrity": integrity}}
    return JSONResponse({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}})


async def npm_archive(request):
    return Response(NPM_PACKAGES[request.path_params["name"]], media_type="application/octet-stream")


async def helm_index(request):
    digest = hashlib.sha256(CHART).hexdigest()
    return Response(f"apiVersion: v1\nentries:\n  app:\n  - name: app\n    version: 0.1.0\n    digest: {digest}\n"
                    f"    urls:\n    - {_base(request)}/charts/app-0.1.0.tgz\n", media_type="application/yaml")


async def helm_chart(_):
    return Response(CHART, media_type="application/gzip")


routes = [
    Route("/linked", by_link),
    Route("/odata", by_odata),
    Route("/hal", by_hal),
    Route("/site", site),
    Route("/site/about", about),
    Route("/sitemap.xml", sitemap),
    Route("/moved/{step}", moved),
    Route("/npm/{name}", npm_package),
    Route("/npm/{name}/-/{file}", npm_archive),
    Route("/charts/index.yaml", helm_index),
    Route("/charts/app-0.1.0.tgz", helm_chart),
]
