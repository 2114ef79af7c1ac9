"""Clients that sign in: what a backend issued in one answer goes into the requests after it."""
import base64
import hashlib
import html
import re
import secrets
import urllib.parse

import requests
from requests.auth import HTTPDigestAuth

from client.talk import conversation, say, say_answer, session

FORM = {"user": "ann", "password": "form-s3cr3t-password"}


@conversation()
def login(base):
    """A form, a redirect, a session cookie, and 401 after the logout."""
    http = session()
    answer = http.post(base + "/login", data=FORM)
    say(answer.status_code, [step.status_code for step in answer.history], sorted(http.cookies.keys()))
    say(http.get(base + "/data").json())
    say(http.post(base + "/logout").status_code, sorted(http.cookies.keys()))
    answer = http.get(base + "/data")
    say(answer.status_code, answer.json())


@conversation()
def login_by_cookie(base):
    """The session cookie is carried by hand, in another connection."""
    answer = session().post(base + "/login", data=FORM, allow_redirects=False)
    say(answer.status_code, bool(answer.cookies["sid"]))
    say(requests.get(base + "/data", cookies={"sid": answer.cookies["sid"]}).json())


@conversation()
def wrong_then_right_password(base):
    """The same form with a wrong password, and with the right one."""
    http = session()
    say(http.get(base + "/data").status_code)
    say(http.post(base + "/login", data={**FORM, "password": "wrong-s3cr3t-password"}).status_code)
    say(http.get(base + "/data").status_code)
    say(http.post(base + "/login", data=FORM).status_code)
    say(http.get(base + "/data").json())


@conversation()
def rotating_cookie(base):
    """Each answer replaces the session cookie; the one before is worth nothing."""
    http = session()
    say(http.post(base + "/rotating").json())
    old = dict(http.cookies)
    say([http.get(base + "/rotating").json()["count"] for _ in range(5)])
    say(requests.get(base + "/rotating", cookies=old).status_code)
    say(http.get(base + "/rotating").json())


@conversation()
def csrf_form(base):
    """Forms with a hidden token that is read from the page, one that is wrong, and one that was used."""
    http = session()
    for title in ("first", "second"):
        token = re.search(r'name="csrf_token" value="([^"]+)"', http.get(base + "/form").text).group(1)
        answer = http.post(base + "/form", data={"csrf_token": token, "title": title})
        say(answer.status_code, answer.text, http.cookies["csrftoken"] == token)
    for wrong in (token, "made-up-s3cr3t-token"):
        answer = http.post(base + "/form", data={"csrf_token": wrong, "title": "third"})
        say(answer.status_code, answer.text)


@conversation()
def oauth(base):
    """Client credentials; a token that expires; its refresh; a refresh token that nobody issued."""
    http = session()
    client = ("app", "client-s3cr3t-password")
    tokens = http.post(base + "/oauth/token", data={"grant_type": "client_credentials"}, auth=client).json()
    say(sorted(tokens), tokens["expires_in"])
    for _ in range(6):
        answer = http.get(base + "/oauth/resource", headers={"Authorization": "Bearer " + tokens["access_token"]})
        say(answer.status_code, answer.json(), answer.headers.get("www-authenticate"))
        if answer.status_code == 401:
            grant = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            tokens = http.post(base + "/oauth/token", data=grant, auth=client).json()
    grant = {"grant_type": "refresh_token", "refresh_token": "unknown-s3cr3t-token"}
    say(http.post(base + "/oauth/token", data=grant, auth=client).json())


CALLBACK = "http://127.0.0.1:9/callback"


def _code(http, base, verifier):
    """Signs in with a challenge, and says with what the server leads back."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    state = secrets.token_urlsafe(16)
    page = http.get(base + "/oauth/authorize", params={
        "response_type": "code", "client_id": "public", "redirect_uri": CALLBACK, "code_challenge": challenge,
        "code_challenge_method": "S256", "state": state})
    action = html.unescape(re.search('action="([^"]+)"', page.text)[1])
    back = http.post(base + action, data=FORM, allow_redirects=False)
    found = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back.headers["location"]).query))
    say("its state" if found["state"] == state else "another state")
    return back.status_code, found


@conversation()
def oauth_with_a_code(base):
    """A code by a form, exchanged with the verifier of a random challenge; a wrong one; a refresh, then once more."""
    http = session()
    for wrong in (None, "wrong-s3cr3t-verifier"):
        verifier = secrets.token_urlsafe(48)
        status, found = _code(http, base, verifier)
        say(status, sorted(found))
        grant = {"grant_type": "authorization_code", "client_id": "public", "code": found["code"],
                 "redirect_uri": CALLBACK, "code_verifier": wrong or verifier}
        answer = http.post(base + "/oauth/exchange", data=grant)
        say(answer.status_code, sorted(answer.json()))
        tokens = answer.json() if answer.ok else tokens
    for _ in range(2):
        bearer = {"Authorization": "Bearer " + tokens["access_token"]}
        say([http.get(base + "/oauth/resource", headers=bearer).status_code for _ in range(3)])
        grant = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "public"}
        tokens = http.post(base + "/oauth/exchange", data=grant).json()
    say(http.post(base + "/oauth/exchange", data=grant).json())


@conversation()
def oauth_in_the_form(base):
    """The client's secret is in the form, right and wrong."""
    for secret in ("client-s3cr3t-password", "wrong-s3cr3t-password"):
        answer = session().post(base + "/oauth/token", data={
            "grant_type": "client_credentials", "client_id": "app", "client_secret": secret})
        say(answer.status_code, sorted(answer.json()))


@conversation()
def subject_token(base):
    """Tokens in X-Subject-Token and X-Auth-Token, as OpenStack and Huawei Cloud have them."""
    http = session()
    user = {"name": "ann", "password": "iam-s3cr3t-password", "domain": {"name": "d"}}
    sign_in = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    say(http.get(base + "/v3/projects").status_code)
    answer = http.post(base + "/v3/auth/tokens", json=sign_in)
    token = answer.headers["x-subject-token"]
    say(answer.status_code, answer.json())
    say(http.get(base + "/v3/projects", headers={"X-Auth-Token": token}).json())
    both = {"X-Auth-Token": token, "X-Subject-Token": token}
    say(http.get(base + "/v3/auth/tokens", headers=both).json())
    say(http.delete(base + "/v3/auth/tokens", headers=both).status_code)
    say(http.get(base + "/v3/projects", headers={"X-Auth-Token": token}).status_code)


@conversation()
def digest(base):
    """Digest authentication: challenges, answers with a nonce of the client, a wrong password."""
    http = session()
    http.auth = HTTPDigestAuth("ann", "digest-s3cr3t-password")
    for page in ("one", "two", "one"):
        answer = http.get(f"{base}/digest/{page}")
        say(answer.status_code, answer.text, [step.status_code for step in answer.history])
    answer = session().get(base + "/digest/one", auth=HTTPDigestAuth("ann", "wrong-s3cr3t-password"))
    say(answer.status_code, answer.text)


@conversation()
def bearer_renewed(base):
    """A token from a JSON answer, renewed twice; the old ones are refused."""
    http = session()
    sent = {"username": "ann", "password": "ann-s3cr3t-password"}
    tokens = []
    for _ in range(3):
        answer = http.post(base + "/sessions", json=sent)
        tokens.append(answer.json()["token"])
        say(answer.status_code, answer.json()["user"])
        sent = {"token": tokens[-1]}
    for token in tokens:
        answer = http.get(base + "/me", headers={"Authorization": f"Bearer {token}"})
        say(answer.status_code, answer.json())
    say(http.get(base + "/me").status_code)


@conversation()
def two_users(base):
    """Two users with tokens of their own take turns; each sees their own notes."""
    http, headers = session(), {}
    for user in ("ann", "ben"):
        sent = {"username": user, "password": f"{user}-s3cr3t-password"}
        token = http.post(base + "/sessions", json=sent).json()["token"]
        headers[user] = {"Authorization": f"Bearer {token}"}
    for user, method in (("ann", "POST"), ("ben", "GET"), ("ann", "POST"), ("ben", "POST"), ("ann", "GET"),
                         ("ben", "GET"), ("ann", "GET")):
        say(user, method, http.request(method, base + "/notes", headers=headers[user]).json())


@conversation()
def key_in_the_query(base):
    """Two API keys and a wrong one in the query; the order of parameters does not matter."""
    http = session()
    for key in ("first-s3cr3t-key", "other-s3cr3t-key", "wrong-s3cr3t-key"):
        answer = http.get(base + "/keyed", params={"api_key": key, "city": "Bonn"})
        say(answer.status_code, answer.json())
    answer = http.get(base + "/keyed?city=Bonn&api_key=other-s3cr3t-key")
    say_answer(answer, "content-type")
