"""atlassian-python-api as a client of Data Center, and stashy for a look: checks 12, 15 and 28 of the Data Center contract."""

import hashlib
import hmac

import pytest
import stashy
from atlassian import Bitbucket
from requests import HTTPError
from stashy.client import Stash
from stashy.errors import AuthenticationException, NotFoundException

PROJECT = "ACME"
DEAD_END = "http://127.0.0.1:1026"


@pytest.fixture
def repository(server, request):
    """A repository of its own for each test; yields its slug."""
    name = request.node.name.replace("_", "-")[:80]
    server.v1("POST", "/repos", {"owner": "acme", "name": name})
    return name


@pytest.fixture(params=["token", "password"])
def bitbucket(server, request):
    """The client with an HTTP access token, and with a user name and that token for a password."""
    if request.param == "token":
        return Bitbucket(url=server.url, token=server.token)
    return Bitbucket(url=server.url, username="alice", password=server.token)


def test_check_28_a_hook_is_created_read_listed_replaced_and_deleted(server, bitbucket, sink):
    at = (PROJECT, "widgets")
    hook = bitbucket.create_webhook(*at, "CI", ["repo:refs_changed", "pr:opened"], sink.url(), True, secret="s")
    assert (hook["name"], hook["url"], hook["active"]) == ("CI", sink.url(), True)
    assert hook["configuration"]["secret"] == "s"
    assert bitbucket.get_webhook(*at, hook["id"])["configuration"]["secret"] == "s"
    assert [found["id"] for found in bitbucket.get_webhooks(*at)] == [hook["id"]]
    assert [found["id"] for found in bitbucket.get_webhooks(*at, event="pr:opened")] == [hook["id"]]
    assert list(bitbucket.get_webhooks(*at, event="pr:merged")) == []
    [counted] = bitbucket.get_webhooks(*at, statistics=True)
    assert counted["statistics"]["counts"]["successes"] == 0

    data = b'{"eventKey":"repo:refs_changed"}'
    server.publish("bitbucket_datacenter.repo:refs_changed", data, f"server-{hook['id']}")
    received = sink.event("repo:refs_changed")
    assert received.body == data
    assert received.headers["x-hub-signature"] == "sha256=" + hmac.new(b"s", data, hashlib.sha256).hexdigest()

    whole = {"name": "CD", "url": sink.url(), "events": ["pr:merged"], "active": False, "configuration": {"secret": "t"}}
    changed = bitbucket.update_webhook(*at, hook["id"], **whole)
    assert {name: changed[name] for name in whole} == whole
    with pytest.raises(HTTPError) as partial:
        bitbucket.update_webhook(*at, hook["id"], name="only")
    assert partial.value.response.status_code == 400
    bitbucket.delete_webhook(*at, hook["id"])
    with pytest.raises(HTTPError) as gone:
        bitbucket.get_webhook(*at, hook["id"])
    assert gone.value.response.status_code == 404
    assert list(bitbucket.get_webhooks(*at)) == []


def test_check_12_60_hooks_are_paged_through_by_both_clients(server, repository):
    bitbucket = Bitbucket(url=server.url, token=server.token)
    at = (PROJECT, repository)
    made = [bitbucket.create_webhook(*at, f"hook {n}", ["pr:opened"], f"{DEAD_END}/{n}", False)["id"] for n in range(60)]
    assert [hook["id"] for hook in bitbucket.get_webhooks(*at)] == made
    stash = Stash(server.url, token=server.token)
    assert [hook["id"] for hook in stash.projects[PROJECT].repos[repository].paginate("webhooks")] == made


def test_both_clients_find_their_way_to_a_repository(server, bitbucket):
    assert [project["key"] for project in bitbucket.project_list()] == ["ACME"]
    assert bitbucket.project(PROJECT)["name"]
    slugs = {repository["slug"] for repository in bitbucket.repo_list(PROJECT)}
    assert {"widgets", "gadgets"} <= slugs
    assert bitbucket.get_repo(PROJECT, "widgets")["project"]["key"] == PROJECT
    stash = Stash(server.url, token=server.token)
    assert [project["key"] for project in stash.projects.list()] == ["ACME"]
    assert {repository["slug"] for repository in stash.projects[PROJECT].repos.list()} == slugs
    assert stash.projects[PROJECT].repos["widgets"].get()["scmId"] == "git"


def test_check_15_errors_are_read_by_both_clients(server):
    with pytest.raises(HTTPError) as nobody:
        Bitbucket(url=server.url, token="nonsense").get_webhook(PROJECT, "widgets", 1)
    assert nobody.value.response.status_code == 401
    with pytest.raises(HTTPError, match=".+") as unknown:
        Bitbucket(url=server.url, token=server.token).create_webhook(PROJECT, "widgets", "n", ["pr:nothing"], DEAD_END, True)
    assert unknown.value.response.status_code == 400
    assert "is unknown" in str(unknown.value)
    with pytest.raises(AuthenticationException):
        list(stashy.connect(server.url, "alice", "wrong").projects[PROJECT].repos["widgets"].paginate("webhooks"))
    with pytest.raises(NotFoundException):
        list(Stash(server.url, token=server.token).projects[PROJECT].repos["nothing"].paginate("webhooks"))
