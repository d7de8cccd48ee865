"""Flask-WebSub as subscriber and as publisher of the hub at `/websub`, pings by django-push: check 31 of the WebSub contract."""

import contextlib
import queue
import re
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import PATIENCE, eventually
from django_push.publisher import ping_hub
from flask_websub.subscriber import discover
from peers import FlaskPublisher, FlaskSubscriber, Page, TlsDoor

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def topic(server, request):
    """The stream of watchers of a repository of its own for each test."""
    name = re.sub(r"\W+|_", "-", request.node.name).strip("-")[:80]
    server.v1("POST", "/repos", {"owner": "acme", "name": name})
    return f"{server.url}/acme/{name}/events/watch"


@pytest.fixture
def peer(tmp_path):
    """Makes peers that end with the test: `peer(kind, *arguments)`."""
    with contextlib.ExitStack() as stack:
        made = []

        def make(kind, *arguments):
            directory = tmp_path / str(len(made))
            directory.mkdir()
            made.append(kind(*arguments, *([] if kind is FlaskPublisher else [directory])))
            stack.callback(made[-1].close)
            return made[-1]

        yield make


def watch(server, topic, number):
    """Has somebody watch the topic's repository."""
    source = "/repos" + urllib.parse.urlsplit(topic).path.removesuffix("/events/watch")
    attributes = {"specversion": "1.0", "id": f"{source}-{number}", "source": source, "type": "github.watch"}
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    server.v1("POST", "/events", {"action": "started", "number": number}, headers)


def get(url):
    """A page as it is now."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=PATIENCE) as answer:
        return answer.read()


def entries(feed):
    """How many entries an Atom feed has."""
    return len(ElementTree.fromstring(feed).findall(f"{ATOM}entry"))


@pytest.fixture
def active(server):
    """Waits until the hub has so many subscriptions more than at first: peers know of a change a moment before the hub."""
    hooks = lambda: server.v1("GET", "/doctor")["hooks"]
    first = hooks()
    return lambda more: eventually(f"{more} more subscriptions", lambda: hooks() == first + more)


def nothing(of):
    """Has nothing come?"""
    with contextlib.suppress(queue.Empty):
        return of.get_nowait()
    return None


def test_a_subscriber_discovers_subscribes_hears_renews_and_leaves(server, topic, peer, active):
    subscriber, witness = peer(FlaskSubscriber), peer(FlaskSubscriber)
    found = discover(topic)
    assert found == {"hub_url": f"{server.url}/websub", "topic_url": topic}
    id = subscriber.subscribe(**found, lease_seconds=86_400)
    assert subscriber.lease(id) == 86_400
    witness.subscribe(**found)
    active(2)

    watch(server, topic, 1)
    heard = subscriber.next()
    assert heard[:2] == (topic, id)
    assert (heard[2], entries(heard[2])) == (get(topic), 1), "the whole page, byte for byte"
    witness.next()

    subscriber.renew(id)
    watch(server, topic, 2)
    assert entries(subscriber.next()[2]) == 2
    assert entries(witness.next()[2]) == 2

    subscriber.unsubscribe(id)
    active(1)
    watch(server, topic, 3)
    assert entries(witness.next()[2]) == 3
    assert nothing(subscriber.content) is None, "each change once, and none after the end"


def test_an_unknown_topic_is_denied(server, topic, peer):
    subscriber = peer(FlaskSubscriber)
    unknown = topic.replace("/acme/", "/nobody/")
    with subscriber.within():
        id = subscriber.subscriber.subscribe(hub_url=f"{server.url}/websub", topic_url=unknown)
    denied = subscriber.denied.get(timeout=PATIENCE)
    assert denied[:2] == (unknown, id)
    assert denied[2] not in ("", "denied"), "the hub gave a reason"
    assert nothing(subscriber.confirmed) is None


@pytest.mark.parametrize("ending", ["lease", "secret"])
def test_a_subscriber_signs_through_tls(server, topic, peer, active, ending):
    """Over http the library keeps its secret to itself, so the hub gets TLS."""
    subscriber = peer(FlaskSubscriber)
    door = peer(TlsDoor, urllib.parse.urlsplit(server.url).port)
    options = {"verify": str(door.certificate), "headers": {"Connection": "close"}}
    given = {"secret": "it's a secret"} if ending == "secret" else {"lease_seconds": 300}
    request = {"hub_url": f"{door.url}/websub", "topic_url": topic, "requests_opts": options}
    id = subscriber.subscribe(**request, **given)
    kept = subscriber.subscriber.storage[id]["secret"]
    assert kept == "it's a secret" if ending == "secret" else len(kept) >= 32, "the library makes one up"
    active(1)
    watch(server, topic, 1)
    assert entries(subscriber.next()[2]) == 1, "the library found the signature right"


@pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_publisher_is_fetched_and_distributed(server, peer, active, media_type):
    hub = f"{server.url}/websub"
    page = Page(b"<p>One \xc3\xa9</p>", media_type)
    publisher = peer(FlaskPublisher, hub, page)
    subscriber = peer(FlaskSubscriber)
    found = discover(publisher.topic)
    assert found == {"hub_url": hub, "topic_url": publisher.topic}
    id = subscriber.subscribe(**found)
    assert page.fetched, "the hub made sure that the topic names it"
    active(1)

    page.body = b"Two \x00\xff" * 20_000
    assert ping_hub(publisher.topic, hub).status_code == 204
    assert subscriber.next() == (publisher.topic, id, page.body)

    page.body = b"Three"
    assert ping_hub(publisher.topic, hub).status_code == 204
    assert subscriber.next() == (publisher.topic, id, b"Three")
    assert nothing(subscriber.content) is None
