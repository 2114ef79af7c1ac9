"""Clients that follow the URLs in answers; they have to lead to the server that the client talks to."""
import re
import xml.etree.ElementTree

from client.talk import conversation, say, session


def _follow(base, start, following):
    """Reads pages until there is no next one; each URL has to begin with the base."""
    http, url = session(), base + start
    while url:
        answer = http.get(url)
        say(url.replace(base, "", 1), answer.status_code)
        found, url = following(answer)
        say(found, url)
        if url and not url.startswith(base):
            say("a URL of another server")
            return


@conversation()
def link_header(base):
    """Pages by Link: rel=next."""
    _follow(base, "/linked", lambda answer: (answer.json(), answer.links.get("next", {}).get("url")))


@conversation()
def odata(base):
    """Pages by @odata.nextLink."""
    _follow(base, "/odata", lambda answer: (answer.json()["value"], answer.json().get("@odata.nextLink")))


@conversation()
def hal(base):
    """Pages by _links.next.href."""
    def following(answer):
        links = answer.json()["_links"]
        return answer.json()["_embedded"]["items"], links.get("next", {}).get("href")
    _follow(base, "/hal", following)


@conversation()
def urls_in_pages(base):
    """Absolute URLs in HTML, in a script, and in XML."""
    http = session()
    page = http.get(base + "/site").text
    say(page)
    say(http.get(re.search('href="([^"]+)"', page).group(1)).text)
    say([place.text for place in xml.etree.ElementTree.fromstring(http.get(base + "/sitemap.xml").text).iter("loc")])


@conversation()
def redirects(base):
    """A chain of redirects that keep method and body, absolute and relative."""
    answer = session().get(base + "/moved/0")
    say(answer.status_code, answer.text, [step.headers["location"] for step in answer.history])
