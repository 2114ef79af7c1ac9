"""Answers with secrets in all the places where services put them; none may be in a recording."""
import gzip
import json

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

KEY = "-----BEGIN PRIVATE KEY-----\nMIIs3cr3tKEYs3cr3tKEYs3cr3tKEY\n-----END PRIVATE KEY-----\n"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyM3Qtand0In0.s3cr3tsignature0000000000000000000"
FIELDS = {
    "apiToken": "k-s3cr3t-apiToken", "auth_token": "k-s3cr3t-auth_token", "authToken": "k-s3cr3t-authToken",
    "client_secret": "k-s3cr3t-client_secret", "passwordHash": "k-s3cr3t-hash", "pwd": "k-s3cr3t-pwd",
    "bearer": "k-s3cr3t-bearer", "jwt": TOKEN, "key": KEY, "tokens": ["k-s3cr3t-list"],
    "password": {"value": "k-s3cr3t-nested"}, "sessionId": "k-s3cr3t-sessionId",
    "url": "http://x/?X-Amz-Signature=k-s3cr3t-presigned", "connection": "postgres://u:k-s3cr3t-dsn@db/x",
    "env": [{"name": "DB_PASSWORD", "value": "k-s3cr3t-env"}],
}
APPLIED = json.dumps({"kind": "Secret", "stringData": {"p": "k-s3cr3t-applied"}})
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SECRETS = {
    "kind": "SecretList", "apiVersion": "v1", "metadata": {"resourceVersion": "5"},
    "items": [{"metadata": {"name": "a", "annotations": {LAST_APPLIED: APPLIED}},
               "data": {"p": "ay1zM2NyM3QtbGlzdC1kYXRh"}}],
}


async def fields(_):
    return JSONResponse(FIELDS)


async def text(_):
    return PlainTextResponse(f"password=k-s3cr3t-line\ntoken: k-s3cr3t-colon\n{KEY}")


async def page(_):
    return HTMLResponse('<input type=hidden name=csrf_token value="k-s3cr3t-hidden">')


async def headers(_):
    return Response(status_code=302, headers={
        "location": "/cb?code=k-s3cr3t-code&access_token=k-s3cr3t-query#id_token=k-s3cr3t-fragment",
        "x-csrf-token": "k-s3cr3t-csrf", "x-vault-token": "k-s3cr3t-vault", "private-token": "k-s3cr3t-private",
        "www-authenticate": 'Bearer token="k-s3cr3t-challenge"', "authorization": "Bearer k-s3cr3t-answer"})


async def events(_):
    return Response('data: {"password": "k-s3cr3t-event"}\n\n', media_type="text/event-stream")


async def form(_):
    return Response("oauth_token=k-s3cr3t-form&oauth_token_secret=k-s3cr3t-form-secret",
                    media_type="application/x-www-form-urlencoded")


async def packed(_):
    return Response(gzip.compress(b'{"password": "k-s3cr3t-gzip", "hello": "gzip"}'),
                    headers={"content-encoding": "gzip", "content-type": "application/json"})


async def kubernetes_secrets(_):
    return JSONResponse(SECRETS)


async def yaml(_):
    return Response("db:\n  password: k-s3cr3t-yaml\n", media_type="application/yaml")


async def taken(_):
    return PlainTextResponse("ok")


routes = [
    Route("/planted/fields", fields),
    Route("/planted/text", text),
    Route("/planted/page", page),
    Route("/planted/headers", headers),
    Route("/planted/events", events),
    Route("/planted/form", form),
    Route("/planted/packed", packed),
    Route("/planted/yaml", yaml),
    Route("/planted/taken/{rest:path}", taken, methods=["GET", "POST"]),
    Route("/api/v1/secrets", kubernetes_secrets),
]
