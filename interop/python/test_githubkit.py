"""githubkit, whose pydantic models refuse what GitHub's own description does not allow: check 38 of the GitHub contract."""

import socket
from datetime import datetime

import pytest
from conftest import eventually
from githubkit import GitHub
from githubkit.exception import RequestFailed

OWNER, REPOSITORY = "acme", "widgets"


@pytest.fixture
def rest(server):
    """githubkit's calls, without its own repeats of failed calls."""
    client = GitHub(server.token, base_url=f"{server.url}/api/v3/", auto_retry=False, http_cache=False, trust_env=False)
    with client:
        yield client.rest


@pytest.fixture
def repos(rest):
    """Its calls on repositories."""
    return rest.repos


@pytest.fixture
def hook(repos, sink):
    """A hook on pushes that goes away with the test."""
    config = {"url": sink.url(), "content_type": "json", "secret": "s"}
    answer = repos.create_webhook(OWNER, REPOSITORY, name="web", config=config, events=["push", "watch"], active=True)
    assert answer.status_code == 201
    yield answer.parsed_data
    assert repos.delete_webhook(OWNER, REPOSITORY, answer.parsed_data.id).status_code == 204


def listed(repos, hook, count):
    """The deliveries of a hook, once there are `count`."""

    def probe():
        found = repos.list_webhook_deliveries(OWNER, REPOSITORY, hook.id, per_page=100).parsed_data
        return len(found) == count and found

    return eventually(f"{count} deliveries", probe)


def test_hooks_are_created_listed_and_read(repos, hook, sink):
    assert (hook.type, hook.name, hook.active, hook.events) == ("Repository", "web", True, ["push", "watch"])
    assert (hook.config.url, hook.config.content_type, hook.config.insecure_ssl) == (sink.url(), "json", "0")
    assert (hook.config.secret, hook.last_response.status) == ("********", "unused")
    assert isinstance(hook.created_at, datetime) and hook.updated_at.tzinfo is not None
    found = repos.list_webhooks(OWNER, REPOSITORY).parsed_data
    assert [each.config for each in found if each.id == hook.id] == [hook.config]
    assert repos.get_webhook(OWNER, REPOSITORY, hook.id).parsed_data.config == hook.config
    assert repos.get_webhook_config_for_repo(OWNER, REPOSITORY, hook.id).parsed_data == hook.config


def test_deliveries_are_listed_read_and_redelivered(server, repos, hook, sink):
    ping = sink.event("ping")
    [first] = listed(repos, hook, 1)
    assert (first.event, first.action, first.status, first.status_code) == ("ping", None, "OK", 200)
    assert (first.redelivery, first.installation_id) == (False, None)
    one = repos.get_webhook_delivery(OWNER, REPOSITORY, hook.id, first.id).parsed_data
    assert (one.id, one.guid, one.duration, one.action) == (first.id, first.guid, first.duration, None)
    assert one.url == sink.url()
    assert one.request.headers.model_dump()["X-GitHub-Delivery"] == ping.headers["x-github-delivery"] == one.guid
    assert one.request.payload.model_dump()["hook_id"] == hook.id
    assert one.response.payload == "ok"

    server.publish("github.watch", {"action": "started"}, "githubkit-watch")
    watch = sink.event("watch")
    newest = listed(repos, hook, 2)[0]
    assert (newest.event, newest.action) == ("watch", "started")

    assert repos.redeliver_webhook_delivery(OWNER, REPOSITORY, hook.id, newest.id).status_code == 202
    assert sink.event("watch").body == watch.body
    again = listed(repos, hook, 3)[0]
    assert again.redelivery and again.guid == newest.guid and again.id != newest.id
    assert repos.get_webhook_delivery(OWNER, REPOSITORY, hook.id, again.id).parsed_data.redelivery


def test_a_delivery_that_never_connected_parses(repos):
    # Taken but not listened on: there is no response, and next to no duration.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        config = {"url": f"http://127.0.0.1:{taken.getsockname()[1]}/hook", "content_type": "json"}
        hook = repos.create_webhook(OWNER, REPOSITORY, config=config, events=["status"]).parsed_data
        # A machine that is busy may see a retry, too.
        *_, failed = eventually("a delivery", lambda: repos.list_webhook_deliveries(OWNER, REPOSITORY, hook.id).parsed_data)
    assert (failed.status, failed.status_code, failed.action) == ("failed to connect to host", 502, None)
    answer = repos.get_webhook_delivery(OWNER, REPOSITORY, hook.id, failed.id)
    assert isinstance(answer.json()["duration"], float)
    assert answer.parsed_data.duration == failed.duration
    repos.delete_webhook(OWNER, REPOSITORY, hook.id)


def test_errors_parse_as_githubs_models(repos):
    with pytest.raises(RequestFailed) as caught:
        repos.get_webhook(OWNER, REPOSITORY, 1)
    assert (caught.value.response.status_code, caught.value.response.parsed_data.message) == (404, "Not Found")
    with pytest.raises(RequestFailed) as caught:
        repos.create_webhook(OWNER, REPOSITORY, config={"url": "http://127.0.0.1:9/x"}, events=["nope"])
    assert caught.value.response.status_code == 422
    assert caught.value.response.parsed_data.message == "Validation Failed"


def test_an_organizations_hook_parses_as_githubs_own_model(rest, sink):
    config = {"url": sink.url(), "content_type": "json", "secret": "s"}
    hook = rest.orgs.create_webhook(OWNER, name="web", config=config, events=["push", "organization"]).parsed_data
    assert (hook.type, hook.name, hook.active, hook.events) == ("Organization", "web", True, ["push", "organization"])
    assert (hook.config.url, hook.config.secret, hook.config.insecure_ssl) == (sink.url(), "********", "0")
    ping = sink.event("ping")
    assert [found.id for found in rest.orgs.list_webhooks(OWNER).parsed_data] == [hook.id]
    assert rest.orgs.get_webhook(OWNER, hook.id).parsed_data == hook
    merged = rest.orgs.update_webhook_config_for_org(OWNER, hook.id, content_type="form").parsed_data
    assert (merged.content_type, merged.secret) == ("form", "********")
    assert rest.orgs.get_webhook_config_for_org(OWNER, hook.id).parsed_data == merged
    assert rest.orgs.update_webhook(OWNER, hook.id, events=["team"]).parsed_data.events == ["team"]

    [first] = eventually("the ping", lambda: rest.orgs.list_webhook_deliveries(OWNER, hook.id).parsed_data)
    assert (first.event, first.guid, first.repository_id) == ("ping", ping.headers["x-github-delivery"], None)
    one = rest.orgs.get_webhook_delivery(OWNER, hook.id, first.id).parsed_data
    assert one.request.payload.model_dump()["organization"]["login"] == OWNER
    assert rest.orgs.redeliver_webhook_delivery(OWNER, hook.id, first.id).status_code == 202
    assert sink.event("ping").headers["x-github-delivery"] == first.guid
    assert rest.orgs.ping_webhook(OWNER, hook.id).status_code == 204
    assert rest.orgs.delete_webhook(OWNER, hook.id).status_code == 204
    with pytest.raises(RequestFailed):
        rest.orgs.get_webhook(OWNER, hook.id)
