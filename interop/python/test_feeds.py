"""feedparser reads the topics of a repository as Atom, with conditional requests."""

import json
import time

import feedparser
import pytest


@pytest.fixture(scope="module")
def repository(server):
    """acme/feeds, with a push and an issue."""
    server.v1("POST", "/repos", {"owner": "acme", "name": "feeds"})
    for kind, data in [("github.push", {"n": 1}), ("acme.thing.done", {"text": "<b> & \"quoted\" \u00fc\r\n\u0007"})]:
        attributes = {"specversion": "1.0", "id": f"feeds-{kind}", "source": "/repos/acme/feeds", "type": kind}
        server.v1("POST", "/events", data, {f"ce-{name}": value for name, value in attributes.items()})
    time.sleep(1)  # Within the second of an event, pages tell no date.
    return f"{server.url}/acme/feeds"


def links(feed, rel):
    """URLs of a feed's links of that relation."""
    return [link.href for link in feed.feed.links if link.rel == rel]


def test_atom_is_valid_and_names_the_hub(server, repository):
    feed = feedparser.parse(f"{repository}/events/all")
    assert (feed.bozo, feed.version, feed.status) == (False, "atom10", 200), feed.get("bozo_exception")
    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert (links(feed, "self"), links(feed, "hub")) == ([f"{repository}/events/all"], [f"{server.url}/websub"])
    assert links(feed, "alternate") == [repository]
    assert feed.feed.title == "acme/feeds: all" and feed.feed.author == "acme"
    done, push = feed.entries
    assert (push.title, done.title) == ("github.push in acme/feeds", "acme.thing.done in acme/feeds")
    assert push.id.startswith("urn:uuid:") and push.id != done.id
    assert [tag.term for tag in done.tags] == ["acme.thing.done"]
    [content] = done.content
    assert content.type == "text/plain"
    assert json.loads(content.value) == {"text": "<b> & \"quoted\" \u00fc\r\n\u0007"}
    assert done.updated_parsed and done.published_parsed and feed.feed.updated == done.updated


def test_a_page_read_before_is_not_sent_again(repository):
    for name in ["push", "push.atom"]:
        url = f"{repository}/events/{name}"
        first = feedparser.parse(url)
        assert len(first.entries) == 1 and first.etag
        again = feedparser.parse(url, etag=first.etag)
        assert (again.status, again.entries) == (304, [])
        assert feedparser.parse(url, modified=first.modified).status == 304
