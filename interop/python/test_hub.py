"""PyGithub and github3.py subscribe to repositories through `POST /hub`: check 45 of the GitHub contract, 30 of WebSub's."""

import hashlib
import hmac
import json
import urllib.parse

import pytest
from conftest import PATIENCE, eventually
from github import Auth, Github, GithubException
from github3 import GitHubEnterprise
from github3.exceptions import UnprocessableEntity


@pytest.fixture
def repository(server, request):
    """A repository of its own for each test."""
    name = request.node.name.replace("_", "-")[:80]
    server.v1("POST", "/repos", {"owner": "acme", "name": name})
    github = Github(base_url=f"{server.url}/api/v3", auth=Auth.Token(server.token), retry=None, seconds_between_writes=0)
    return github.get_repo(f"acme/{name}")


def publish(server, repository, marker):
    """Has somebody watch the repository; the marker tells the events apart."""
    attributes = {"specversion": "1.0", "id": f"{repository.name}-{marker}", "source": f"/repos/{repository.full_name}"}
    headers = {f"ce-{name}": value for name, value in {**attributes, "type": "github.watch"}.items()}
    server.v1("POST", "/events", {"action": "started", "marker": marker}, headers)


def signatures(secret, body):
    """Both signatures of a body."""
    mac = lambda name: f"{name}={hmac.new(secret.encode(), body, name).hexdigest()}"
    return mac("sha1"), mac("sha256")


def received(sink, marker):
    """The next watch event, which must be that one: what came with it."""
    request = sink.event("watch")
    if request.headers["content-type"] == "application/json":
        payload = json.loads(request.body)
    else:
        [(name, text)] = urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True)
        assert name == "payload"
        payload = json.loads(text)
    assert payload["marker"] == marker
    return request


def signed_by(secret, request):
    """Is it signed with that secret, in both headers?"""
    headers = request.headers
    return (headers["x-hub-signature"], headers["x-hub-signature-256"]) == signatures(secret, request.body)


def test_pygithub_subscribes_changes_the_hook_and_unsubscribes(server, repository, sink):
    repository.subscribe_to_hub("watch", sink.url("/cb?x=1"), "one")
    [hook] = repository.get_hooks()
    assert (hook.name, hook.active, hook.events) == ("web", True, ["watch"])
    assert hook.config == {"url": sink.url("/cb?x=1"), "content_type": "form", "insecure_ssl": "0", "secret": "********"}
    first = sink.requests.get(timeout=PATIENCE)
    assert (first.headers["x-github-event"], first.path) == ("ping", "/cb?x=1"), "no verification before it"
    publish(server, repository, 1)
    assert signed_by("one", received(sink, 1))

    repository.subscribe_to_hub("watch.json", sink.url("/cb?x=1"), "two")
    repository.subscribe_to_hub("push", sink.url("/cb?x=1"), "two")
    [hook] = repository.get_hooks()
    assert hook.events == ["watch", "push"]
    publish(server, repository, 2)
    assert signed_by("two", received(sink, 2))

    repository.unsubscribe_from_hub("watch", sink.url("/cb?x=1"))
    repository.unsubscribe_from_hub("push", sink.url("/cb?x=1"))
    assert list(repository.get_hooks()) == []
    repository.unsubscribe_from_hub("push", sink.url("/cb?x=1"))
    assert sink.requests.empty(), "and no second ping"


def test_pygithub_reads_the_refusal(repository, sink):
    with pytest.raises(GithubException) as caught:
        repository.subscribe_to_hub("non-existing-event", sink.url())
    assert caught.value.status == 422
    assert caught.value.data["message"] == 'Invalid event: "non-existing-event"'
    assert caught.value.data["documentation_url"] == "https://docs.github.com/rest/webhooks#pubsubhubbub"
    assert "errors" not in caught.value.data


def test_pygithub_deletes_a_subscription_as_the_hook_it_is(server, repository, sink):
    repository.subscribe_to_hub("*", sink.url())
    [hook] = repository.get_hooks()
    assert hook.events == ["*"]
    hook.delete()
    publish(server, repository, 1)
    sink.event("ping")
    assert sink.requests.empty()


def test_github3_subscribes_and_unsubscribes(server, repository, sink):
    github = GitHubEnterprise(server.url, token=server.token)
    topic = f"https://github.com/{repository.full_name}/events/watch"
    assert github.pubsubhubbub("subscribe", topic, sink.url(), "s") is True
    assert [hook.config["content_type"] for hook in repository.get_hooks()] == ["form"], "its Accept is no plain JSON"
    publish(server, repository, 1)
    assert signed_by("s", received(sink, 1))
    assert github.pubsubhubbub("unsubscribe", topic, sink.url()) is True
    assert list(repository.get_hooks()) == []


def test_github3_tells_what_it_may_not_do_from_what_is_wrong(server, repository, sink):
    stranger = server.v1("POST", "/tokens", {"user": "alice", "scopes": ["user"]})["token"]
    topic = f"https://github.com/{repository.full_name}/events/watch"
    assert GitHubEnterprise(server.url, token=stranger).pubsubhubbub("subscribe", topic, sink.url()) is False
    with pytest.raises(UnprocessableEntity, match="No repository found"):
        nothing = "https://github.com/acme/nothing/events/watch"
        GitHubEnterprise(server.url, token=server.token).pubsubhubbub("subscribe", nothing, sink.url())
