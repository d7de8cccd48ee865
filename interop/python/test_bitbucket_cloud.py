"""atlassian-python-api as a client of Cloud, and bitbucket-webhooks as a receiver: checks 7, 10, 13 and 29 of the Cloud contract."""

import json
from pathlib import Path

import pytest
from atlassian.bitbucket import Cloud
from bitbucket_webhooks import event_schemas, hooks, router
from requests import HTTPError

EVENTS = Path(__file__).resolve().parents[2] / "docs" / "events"
DEAD_END = "http://127.0.0.1:1026"


def repository_of(server, name="widgets", token=None):
    """The repository's hooks live in this object."""
    return Cloud(url=server.url, token=token or server.token).repositories.get("acme", name)


def test_check_29_a_hook_is_created_read_listed_edited_and_deleted(server):
    repository = repository_of(server)
    assert (repository.get_data("type"), repository.get_data("full_name")) == ("repository", "acme/widgets")
    url = f"{DEAD_END}/life"
    hook = repository.hooks.create(url, "CI", ["repo:push", "pullrequest:created"])
    assert (hook.webhook_url(), hook.description(), hook.active()) == (url, "CI", True)
    assert sorted(hook.events()) == ["pullrequest:created", "repo:push"]
    assert hook.get_link("self").startswith(f"{server.url}/2.0/repositories/acme/widgets/hooks/")
    assert repository.hooks.get(hook.uuid()).data == hook.data
    assert [found.uuid() for found in repository.hooks.each()] == [hook.uuid()]
    hook.update(description="CD", active=False, events=["repo:fork"])
    assert (hook.description(), hook.active(), hook.events()) == ("CD", False, ["repo:fork"])
    hook.delete()
    with pytest.raises(HTTPError) as gone:
        repository.hooks.get(hook.uuid())
    assert gone.value.response.status_code == 404
    with pytest.raises(HTTPError) as again:
        hook.delete()
    assert again.value.response.status_code == 404


def test_the_client_walks_from_workspaces_to_hooks(server):
    cloud = Cloud(url=server.url, token=server.token)
    assert "acme" in [workspace.slug for workspace in cloud.workspaces.each()]
    workspace = cloud.workspaces.get("acme")
    assert {"widgets", "gadgets"} <= {repository.slug for repository in workspace.repositories.each()}
    hook = workspace.repositories.get("widgets").hooks.create(f"{DEAD_END}/walk", "walk", ["repo:push"])
    hook.delete()


def test_check_7_25_hooks_are_paged_through(server):
    server.v1("POST", "/repos", {"owner": "acme", "name": "cloud-pages"})
    repository = repository_of(server, "cloud-pages")
    made = [repository.hooks.create(f"{DEAD_END}/{n}", f"hook {n}", ["repo:push"], active=False).uuid() for n in range(25)]
    assert sorted(hook.uuid() for hook in repository.hooks.each()) == sorted(made)


def test_errors_are_read(server):
    with pytest.raises(HTTPError) as nobody:
        repository_of(server, token="nonsense")
    assert nobody.value.response.status_code == 401
    with pytest.raises(HTTPError) as nothing:
        repository_of(server, "nothing")
    assert nothing.value.response.status_code == 404
    with pytest.raises(HTTPError, match=".+") as invalid:
        repository_of(server).hooks.create(DEAD_END, "n", ["repo:nothing"])
    assert invalid.value.response.status_code == 400


# What the receiver has read: the library calls each function with the event as an object.
RECEIVED = []
for hook in hooks._BaseHook.get_hooks():
    hook(RECEIVED.append)


@pytest.mark.parametrize(
    "example, key, schema",
    [
        ("pull_request.opened", "pullrequest:created", event_schemas.PullRequestCreated),
        ("pull_request.edited", "pullrequest:updated", event_schemas.PullRequestUpdated),
        ("pull_request.approved", "pullrequest:approved", event_schemas.PullRequestApproved),
        ("pull_request.unapproved", "pullrequest:unapproved", event_schemas.PullRequestUnapproved),
        ("pull_request.merged", "pullrequest:fulfilled", event_schemas.PullRequestMerged),
        ("pull_request.declined", "pullrequest:rejected", event_schemas.PullRequestDeclined),
        ("pull_request_comment.created", "pullrequest:comment_created", event_schemas.PullRequestCommentCreated),
        ("pull_request_comment.edited", "pullrequest:comment_updated", event_schemas.PullRequestCommentUpdated),
        ("pull_request_comment.deleted", "pullrequest:comment_deleted", event_schemas.PullRequestCommentDeleted),
    ],
)
def test_bitbucket_webhooks_reads_a_pull_requests_events(server, sink, example, key, schema):
    data = json.loads((EVENTS / f"{example}.json").read_text())
    # The library refuses a null `participated_on`, which Bitbucket sends for reviewers who have not said anything yet.
    for reviewer in data["pull_request"]["reviewers"]:
        reviewer["at"] = data["pull_request"]["updated_at"]
    event = received(server, sink, example, key, data)
    assert isinstance(event, schema)
    assert event.repository.full_name == "acme/widgets"
    assert event.pullrequest.id == data["pull_request"]["number"]
    assert event.pullrequest.title == data["pull_request"]["title"]
    assert f"refs/heads/{event.pullrequest.source.branch.name}" == data["pull_request"]["source"]["ref"]


def test_bitbucket_webhooks_reads_a_push(server, sink):
    # The library refuses a null `old` or `new`, which Bitbucket sends when a ref comes or goes: a plain update, then.
    data = json.loads((EVENTS / "push.json").read_text())
    data["refs"] = [ref for ref in data["refs"] if ref["ref"] == "refs/heads/main"]
    event = received(server, sink, "push", "repo:push", data)
    [change] = event.push.changes
    assert (change.created, change.closed, change.new["name"]) == (False, False, "main")
    assert change.new["target"]["hash"] == data["refs"][0]["after"]
    assert [commit["hash"] for commit in change.commits] == [commit["id"] for commit in reversed(data["refs"][0]["commits"])]


def received(server, sink, kind, key, data):
    """Delivers one event to a hook and has the library read it."""
    hook = repository_of(server).hooks.create(sink.url(), "receiver", [key])
    server.publish(kind, data, f"cloud-{kind}")
    delivery = sink.event(key)
    hook.delete()
    RECEIVED.clear()
    assert router.route(delivery.headers["x-event-key"], json.loads(delivery.body)) is not None
    return RECEIVED[0]
