"""Ways to sign in: forms with cookies, rotating cookies, CSRF tokens, bearer, OAuth, digest, keys, X-Auth-Token."""
import base64
import hashlib
import re
import secrets

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

sessions, rotating, forms, bearers, uses, subjects, notes, grants = {}, {}, set(), {}, {}, set(), {}, {}
PASSWORD = "form-s3cr3t-password"


def new_secret(kind):
    """A secret that is another one in each run."""
    return f"{kind}-s3cr3t-{secrets.token_hex(8)}"


async def login(request):
    form = await request.form()
    if form.get("password") != PASSWORD:
        return PlainTextResponse("wrong password", 403)
    session = new_secret("session")
    sessions[session] = form["user"]
    response = RedirectResponse("/data", 303)
    response.set_cookie("sid", session, httponly=True)
    response.set_cookie("theme", "dark")
    return response


async def logout(request):
    sessions.pop(request.cookies.get("sid"), None)
    response = PlainTextResponse("bye")
    response.delete_cookie("sid")
    return response


async def data(request):
    user = sessions.get(request.cookies.get("sid"))
    if not user:
        return JSONResponse({"error": "log in"}, 401)
    return JSONResponse({"user": user, "rows": [1, 2, 3]})


async def rotate(request):
    """Each request needs the cookie of the one before, and gets the next."""
    before = request.cookies.get("session")
    count = 0 if request.method == "POST" else rotating.pop(before, None)
    if count is None:
        return JSONResponse({"error": "session expired"}, 401)
    session = new_secret("rotating")
    rotating[session] = count + 1
    response = JSONResponse({"count": count})
    response.set_cookie("session", session)
    return response


async def form(request):
    """A page with a form, whose hidden token has to come back once."""
    if request.method == "GET":
        token = new_secret("csrf")
        forms.add(token)
        response = HTMLResponse(f'<form method="post"><input type="hidden" name="csrf_token" value="{token}"></form>')
        response.set_cookie("csrftoken", token)
        return response
    sent = await request.form()
    if sent.get("csrf_token") not in forms:
        return PlainTextResponse("CSRF token missing or incorrect", 403)
    forms.discard(sent["csrf_token"])
    return PlainTextResponse(f"saved {sent.get('title')}")


async def oauth_token(request):
    """Client credentials, by basic authentication or in the form, and refresh tokens."""
    sent = await request.form()
    basic = "Basic " + base64.b64encode(b"app:client-s3cr3t-password").decode()
    if request.headers.get("authorization") != basic and sent.get("client_secret") != "client-s3cr3t-password":
        return JSONResponse({"error": "invalid_client"}, 401)
    if sent["grant_type"] == "refresh_token" and sent["refresh_token"] not in bearers:
        return JSONResponse({"error": "invalid_grant"}, 400)
    access, refresh = new_secret("access"), new_secret("refresh")
    bearers[access] = bearers[refresh] = "app"
    uses[access] = 0
    return JSONResponse({"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 60})


async def oauth_authorize(request):
    """A page that asks for the password, and leads back with a code for the client's challenge."""
    asked = request.query_params
    if request.method == "GET":
        return HTMLResponse(f'<form action="/oauth/authorize?{request.url.query}" method="post">'
                            '<input name="user"><input name="password" type="password"></form>')
    sent = await request.form()
    if sent.get("password") != PASSWORD:
        return HTMLResponse("<p>wrong password</p>", 403)
    code = new_secret("code")
    grants[code] = (asked["code_challenge"], asked["redirect_uri"])
    return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", 302)


async def oauth_exchange(request):
    """A code for tokens, with the verifier of its challenge (RFC 7636)."""
    sent = await request.form()
    if sent["grant_type"] == "refresh_token":
        known = bearers.pop(sent["refresh_token"], None)
    else:
        challenge, target = grants.pop(sent["code"], ("", ""))
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        known = (base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
                 and sent["redirect_uri"] == target)
    if not known:
        return JSONResponse({"error": "invalid_grant"}, 400)
    access, refresh = new_secret("access"), new_secret("refresh")
    bearers[access] = bearers[refresh] = "public client"
    uses[access] = 0
    return JSONResponse({"access_token": access, "refresh_token": refresh, "token_type": "Bearer"})


async def oauth_resource(request):
    """An access token is good for two requests."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if uses.get(token, 2) >= 2:
        challenge = {"www-authenticate": 'Bearer realm="x", error="invalid_token"'}
        return JSONResponse({"error": "invalid_token"}, 401, headers=challenge)
    uses[token] += 1
    return JSONResponse({"use": uses[token]})


async def new_session(request):
    """A token for JSON credentials; renewing it gives another."""
    sent = await request.json()
    if "username" in sent and sent.get("password") != f"{sent['username']}-s3cr3t-password":
        return JSONResponse({"error": "credentials"}, 401)
    user = sent.get("username") or bearers.pop(sent.get("token"), None)
    if not user:
        return JSONResponse({"error": "token"}, 401)
    token = new_secret("bearer")
    bearers[token] = user
    return JSONResponse({"token": token, "user": user}, 201)


async def me(request):
    user = bearers.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    return JSONResponse({"user": user}, 200 if user else 401)


async def own_notes(request):
    """Each user has notes of their own."""
    user = bearers.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if not user:
        return JSONResponse({"error": "token"}, 401)
    own = notes.setdefault(user, [])
    if request.method == "POST":
        own.append(len(own) + 1)
    return JSONResponse({"user": user, "notes": own})


async def subject_tokens(request):
    """The tokens of OpenStack and Huawei Cloud: issued, checked and revoked in header fields."""
    if request.method == "POST":
        sent = await request.json()
        if sent["auth"]["identity"]["password"]["user"]["password"] != "iam-s3cr3t-password":
            return JSONResponse({"error": {"code": 401}}, 401)
        token = new_secret("subject")
        subjects.add(token)
        return JSONResponse({"token": {"methods": ["password"]}}, 201, headers={"x-subject-token": token})
    if request.headers.get("x-auth-token") not in subjects:
        return JSONResponse({"error": {"code": 401}}, 401)
    subject = request.headers.get("x-subject-token")
    if request.method == "DELETE":
        subjects.discard(subject)
        return Response(status_code=204)
    return JSONResponse({"token": {"valid": subject in subjects}}, 200 if subject in subjects else 404)


async def projects(request):
    known = request.headers.get("x-auth-token") in subjects
    return JSONResponse({"projects": ["p1"]} if known else {"error": {"code": 401}}, 200 if known else 401)


async def digest(request):
    """RFC 7616 with a nonce for each challenge."""
    sent = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("authorization", "")))
    if sent.get("nonce") in subjects:
        first = hashlib.md5(b"ann:site:digest-s3cr3t-password").hexdigest()
        second = hashlib.md5(f"{request.method}:{sent['uri']}".encode()).hexdigest()
        parts = (first, sent["nonce"], sent["nc"], sent["cnonce"], sent["qop"], second)
        if hashlib.md5(":".join(parts).encode()).hexdigest() == sent["response"]:
            return PlainTextResponse(f"welcome to {request.url.path}")
    nonce = secrets.token_hex(8)
    subjects.add(nonce)
    return PlainTextResponse("who?", 401, headers={
        "www-authenticate": f'Digest realm="site", qop="auth", nonce="{nonce}", algorithm=MD5'})


async def keyed(request):
    """An API key in the query decides what is shown."""
    owners = {"first-s3cr3t-key": "first", "other-s3cr3t-key": "other"}
    owner = owners.get(request.query_params.get("api_key"))
    return JSONResponse({"owner": owner, "city": request.query_params.get("city")}, 200 if owner else 403)


routes = [
    Route("/login", login, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/data", data),
    Route("/rotating", rotate, methods=["GET", "POST"]),
    Route("/form", form, methods=["GET", "POST"]),
    Route("/oauth/token", oauth_token, methods=["POST"]),
    Route("/oauth/resource", oauth_resource),
    Route("/oauth/authorize", oauth_authorize, methods=["GET", "POST"]),
    Route("/oauth/exchange", oauth_exchange, methods=["POST"]),
    Route("/sessions", new_session, methods=["POST"]),
    Route("/me", me),
    Route("/notes", own_notes, methods=["GET", "POST"]),
    Route("/v3/auth/tokens", subject_tokens, methods=["GET", "POST", "DELETE"]),
    Route("/v3/projects", projects),
    Route("/digest/{page}", digest),
    Route("/keyed", keyed),
]
