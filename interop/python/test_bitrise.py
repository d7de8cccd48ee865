"""PyPI's `bitrise`, a client of Bitrise's API, with another base URL. It sends `Authorization: token …`."""

import time

import pytest
from bitrise.client.client import BitriseClient
from bitrise.exceptions import BitriseException
from bitrise.services.bitrise import Bitrise
from conftest import PATIENCE

CONFIG = """
workflows:
  primary: {}
  deploy: {}
trigger_map:
- push_branch: main
  workflow: primary
"""


@pytest.fixture
def client(server, monkeypatch):
    """A client of this server, asking as alice."""
    monkeypatch.setattr(Bitrise, "_base_url", f"{server.url}/v0.1")
    return BitriseClient(server.token)


@pytest.fixture
def app(server):
    """An app of acme's with two workflows."""
    body = {"owner": "acme", "title": "Rocket", "repo_url": "https://github.com/acme/rocket.git", "config": CONFIG}
    app = server.v1("POST", "/apps", body)
    yield app
    server.v1("DELETE", f"/apps/{app['slug']}")


def trigger(client, app, params):
    """Starts a build; the library cannot."""
    url = f"{client.bitrise.url}/apps/{app['slug']}/builds"
    answer = client.session.post(url, json={"hook_info": {"type": "bitrise"}, "build_params": params})
    assert answer.status_code == 201, answer.text
    return answer.json()["build_slug"]


def test_apps_and_builds_are_walked_through(client, app):
    slugs = [
        trigger(client, app, {"branch": "main", "commit_message": "Fly to the moon"}),
        trigger(client, app, {"branch": "dev", "workflow_id": "deploy"}),
    ]
    found = client.get_app_by_name("rocket")
    assert (found.slug, found.provider, found.repo_owner, found.repo_slug) == (app["slug"], "github", "acme", "rocket")
    assert (found.owner["account_type"], found.owner["name"], found.status) == ("organization", "acme", 0)
    builds = found.get_builds()
    assert [build.slug for build in builds] == slugs[::-1]
    assert [build.triggered_workflow for build in builds] == ["deploy", "primary"]
    assert [build.slug for build in found.get_builds_by_workflow("deploy")] == [slugs[1]]
    assert [build.slug for build in found.get_builds(commit_message="moon", branch="main", status=0)] == [slugs[0]]
    assert [build.slug for build in found.get_builds(after=int(time.time()) + 3600)] == []
    last = found.get_last_build()
    assert (last.slug, last.build_number, last.original_build_params["branch"]) == (slugs[1], 2, "dev")
    assert last.details.data == last.data, "one build is shown as in the list"


def test_completed_builds_are_those_that_succeeded(client, app):
    slug = trigger(client, app, {"branch": "main"})
    found = client.get_app_by_name("Rocket")
    with pytest.raises(BitriseException):
        found.get_last_build(status=3)
    answer = client.session.post(f"{found.slug_url}/builds/{slug}/abort", json={"abort_reason": "enough"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert found.completed_builds == []
    aborted = found.get_last_build(status=3)
    assert (aborted.status_text, aborted.abort_reason) == ("aborted", "enough")
    log = client.session.get(f"{aborted.slug_url}/log", timeout=PATIENCE).json()
    assert log["is_archived"] and client.session.get(log["expiring_raw_log_url"]).text == ""
