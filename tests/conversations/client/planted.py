"""A client that sends secrets everywhere, and gets them from everywhere: none may be in the recording."""
from client.talk import conversation, say, session

ADDRESSES = (
    "/planted/fields", "/planted/text", "/planted/page", "/planted/events", "/planted/form", "/planted/packed",
    "/planted/yaml", "/api/v1/secrets",
    "/planted/taken/hook/u-s3cr3t-path",
    "/planted/taken/x?api_key=u-s3cr3t-key&auth=u-s3cr3t-auth&sig=u-s3cr3t-sig&X-Amz-Signature=u-s3cr3t-signature"
    "&code=u-s3cr3t-code&access-token=u-s3cr3t-token",
)


@conversation()
def secrets(base):
    """Secrets in header fields, queries, paths, and bodies of all kinds, in both directions."""
    http = session()
    http.headers.update({
        "Authorization": "Bearer h-s3cr3t-bearer", "X-Api-Key": "h-s3cr3t-key", "X-Custom-Token": "h-s3cr3t-custom",
        "Cookie": "sid=h-s3cr3t-cookie"})
    for address in ADDRESSES:
        answer = http.get(base + address)
        say(address.partition("?")[0].rpartition("/")[0], answer.status_code, answer.headers["content-type"])
    say(http.get(base + "/planted/headers", allow_redirects=False).status_code)
    take = base + "/planted/taken/body"
    for kind, sent in (
            ("application/x-www-form-urlencoded",
             "grant_type=password&username=u&password=f-s3cr3t-password&client_secret=f-s3cr3t-client&pwd=f-s3cr3t-pwd"),
            ("application/json",
             '{"password": "j-s3cr3t-password", "apiToken": "j-s3cr3t-token", "auth": {"key": "j-s3cr3t-key"}}'),
            ("application/json", '{"inner": "{\\"client_secret\\": \\"j-s3cr3t-inner\\"}"}'),
            ("text/plain", "password=t-s3cr3t-password"),
            ("application/xml", "<password>x-s3cr3t-element</password>"),
            ("application/yaml", "token: y-s3cr3t-token\n")):
        say(kind, http.post(take, data=sent, headers={"Content-Type": kind}).status_code)
    say(http.post(take, files={"password": (None, "m-s3cr3t-part")}).status_code)
