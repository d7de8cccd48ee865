"""PyGithub as it is, with another base URL: checks 9, 21, 23, 26 and 38 of the GitHub contract."""

import pytest
from conftest import eventually
from github import Auth, BadCredentialsException, Github, GithubException, UnknownObjectException


def client(server, token=None) -> Github:
    """PyGithub without its own repeats of failed calls."""
    return Github(base_url=f"{server.url}/api/v3", auth=Auth.Token(token or server.token), retry=None, seconds_between_writes=0)


@pytest.fixture
def repository(server, request):
    """A repository of its own for each test."""
    name = request.node.name.replace("_", "-")[:80]
    server.v1("POST", "/repos", {"owner": "acme", "name": name})
    return client(server).get_repo(f"acme/{name}")


def test_a_hook_is_created_edited_pinged_and_deleted(repository, sink):
    config = {"url": sink.url(), "content_type": "json", "secret": "s"}
    hook = repository.create_hook("web", config, events=["push"], active=True)
    assert (hook.name, hook.events, hook.active) == ("web", ["push"], True)
    assert hook.config == {"url": sink.url(), "content_type": "json", "secret": "********", "insecure_ssl": "0"}
    assert hook.last_response.status == "unused"
    ping = sink.event("ping")
    assert ping.headers["x-github-hook-id"] == str(hook.id)

    hook.edit("web", config, events=["push", "issues"], active=False)
    assert (sorted(hook.events), hook.active) == (["issues", "push"], False)
    hook.edit("web", config, add_events=["status"], remove_events=["issues"])
    assert sorted(hook.events) == ["push", "status"]
    hook.ping()
    sink.event("ping")
    hook.test()
    assert [found.id for found in repository.get_hooks()] == [hook.id]
    hook.delete()
    assert list(repository.get_hooks()) == []
    with pytest.raises(UnknownObjectException):
        repository.get_hook(hook.id)


def test_an_existing_hook_is_refused_with_githubs_text(repository):
    config = {"url": "http://127.0.0.1:1026/hook", "content_type": "json"}
    repository.create_hook("web", config, events=["push", "issues"], active=False)
    with pytest.raises(GithubException) as caught:
        repository.create_hook("web", config, events=["push"], active=False)
    assert caught.value.status == 422
    assert caught.value.data["errors"][0]["message"] == "Hook already exists on this repository"
    repository.create_hook("web", config, events=["status"], active=False)


def test_31_hooks_are_paged_through(repository):
    made = [
        repository.create_hook("web", {"url": f"http://127.0.0.1:1026/{n}"}, events=[["push", "issues"][n % 2]], active=False).id
        for n in range(31)
    ]
    assert [hook.id for hook in repository.get_hooks()] == made
    assert repository.get_hooks().totalCount == 31


def test_errors_are_pygithubs_own_classes(server):
    with pytest.raises(BadCredentialsException):
        client(server, "ghp_nobody").get_user().login
    with pytest.raises(UnknownObjectException):
        client(server).get_repo("acme/nothing")
    with pytest.raises(UnknownObjectException):
        client(server).get_organization("nobody")
    assert client(server).get_user().login == "alice"


def test_rate_limit_and_scopes_are_read_from_the_headers(server):
    github = client(server)
    github.get_user().login
    remaining, limit = github.rate_limiting
    assert 0 < remaining <= limit
    assert "admin:repo_hook" in github.oauth_scopes


def test_deliveries_are_listed_and_parsed(server, sink):
    repository = client(server).get_repo("acme/widgets")
    hook = repository.create_hook("web", {"url": sink.url(), "content_type": "json", "secret": "s"}, events=["watch"])
    for n in range(4):
        server.publish("github.watch", {"action": "started", "n": n}, f"pygithub-{n}")
    for _ in range(4):
        sink.event("watch")
    listed = eventually("five deliveries", lambda: (all := list(repository.get_hook_deliveries(hook.id))) and len(all) == 5 and all)
    assert [item.id for item in listed] == sorted((item.id for item in listed), reverse=True)
    assert {item.event for item in listed} == {"ping", "watch"}
    assert all(item.status == "OK" and item.status_code == 200 and isinstance(item.duration, float) for item in listed)
    one = repository.get_hook_delivery(hook.id, listed[0].id)
    assert one.request.payload == {"action": "started", "n": one.request.payload["n"]}
    assert one.request.headers["X-GitHub-Delivery"] == one.guid == listed[0].guid
    assert one.response.payload == "ok"
    hook.delete()


def test_an_organizations_hook_is_created_edited_read_and_deleted(server, sink):
    organization = client(server).get_organization("acme")
    config = {"url": sink.url(), "content_type": "json", "secret": "s"}
    hook = organization.create_hook("web", config, events=["watch"], active=True)
    assert (hook.name, hook.events, hook.active) == ("web", ["watch"], True)
    assert hook.config == {"url": sink.url(), "content_type": "json", "secret": "********", "insecure_ssl": "0"}
    assert hook.url == f"{server.url}/api/v3/orgs/acme/hooks/{hook.id}"
    ping = sink.event("ping")
    assert ping.headers["x-github-hook-installation-target-type"] == "organization"

    edited = organization.edit_hook(hook.id, "web", config, events=["watch", "team"], active=True)
    assert (edited.id, sorted(edited.events)) == (hook.id, ["team", "watch"])
    assert [found.id for found in organization.get_hooks()] == [hook.id]
    assert organization.get_hook(hook.id).config == edited.config
    organization.get_hook(hook.id).ping()
    assert sink.event("ping").headers["x-github-delivery"] != ping.headers["x-github-delivery"]

    server.publish("github.watch", {"action": "started"}, "pygithub-organization")
    watch = sink.event("watch")
    listed = eventually("three deliveries", lambda: (all := list(organization.get_hook_deliveries(hook.id))) and len(all) == 3 and all)
    assert (listed[0].event, listed[0].guid) == ("watch", watch.headers["x-github-delivery"])
    assert organization.get_hook_delivery(hook.id, listed[0].id).request.payload == {"action": "started"}

    organization.delete_hook(hook.id)
    assert list(organization.get_hooks()) == []
    with pytest.raises(UnknownObjectException):
        organization.get_hook(hook.id)


def test_an_organizations_duplicate_is_refused_with_githubs_text(server):
    organization = client(server).get_organization("acme")
    config = {"url": "http://127.0.0.1:1026/organization", "content_type": "json"}
    hook = organization.create_hook("web", config, events=["push"], active=False)
    with pytest.raises(GithubException) as caught:
        organization.create_hook("web", config, events=["push"], active=False)
    assert caught.value.data["errors"][0]["message"] == "Hook already exists on this organization"
    organization.delete_hook(hook.id)
