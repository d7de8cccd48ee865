"""gidgethub as a client and as a receiver."""

import asyncio

import httpx
import pytest
from conftest import eventually
from gidgethub import BadRequest, ValidationError, ValidationFailure, sansio
from gidgethub.httpx import GitHubAPI

HOOKS = "/repos/acme/gadgets/hooks"


def run(server, work):
    """Runs `work(api)` with a gidgethub client."""

    async def main():
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(GitHubAPI(http, "interop", oauth_token=server.token, base_url=f"{server.url}/api/v3"))

    return asyncio.run(main())


def test_hooks_are_created_paged_through_and_deleted(server):
    async def work(api):
        made = []
        for n in range(31):
            body = {"config": {"url": f"http://127.0.0.1:1026/gidgethub/{n}"}, "events": [["push", "issues"][n % 2]], "active": False}
            made.append((await api.post(HOOKS, data=body))["id"])
        found = [hook["id"] async for hook in api.getiter(HOOKS)]
        pages = [hook["id"] async for hook in api.getiter(HOOKS + "?per_page=7")]
        with pytest.raises(BadRequest) as missing:
            await api.getitem(f"{HOOKS}/999999")
        with pytest.raises(ValidationError) as invalid:
            await api.post(HOOKS, data={"config": {}})
        for hook in made:
            await api.delete(f"{HOOKS}/{hook}")
        return made, found, pages, missing.value.status_code, invalid.value.errors, [hook async for hook in api.getiter(HOOKS)]

    made, found, pages, missing, errors, left = run(server, work)
    assert found == made
    assert pages == made
    assert missing == 404
    assert errors[0]["field"] == "url"
    assert left == []


@pytest.mark.parametrize("content_type", ["json", "form"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_delivery_verifies_in_either_form_with_either_signature(server, sink, content_type, algorithm):
    secret = "gidget's secret"

    async def create(api):
        body = {"config": {"url": sink.url(), "content_type": content_type, "secret": secret}, "events": ["watch"]}
        return (await api.post(HOOKS, data=body))["id"]

    hook = run(server, create)
    sink.event("ping")
    run(server, lambda api: api.post(f"{HOOKS}/{hook}/pings", data={}))
    ping = sink.event("ping")
    headers = dict(ping.headers)
    if algorithm == "sha1":
        del headers["x-hub-signature-256"]
    event = sansio.Event.from_http(headers, ping.body, secret=secret)
    assert (event.event, event.delivery_id) == ("ping", ping.headers["x-github-delivery"])
    assert event.data["hook_id"] == hook
    with pytest.raises(ValidationFailure):
        sansio.Event.from_http(headers, ping.body + b" ", secret=secret)
    run(server, lambda api: api.delete(f"{HOOKS}/{hook}"))


def test_the_log_is_paged_by_cursor(server, sink):
    async def create(api):
        body = {"config": {"url": sink.url(), "content_type": "json"}, "events": ["watch"]}
        return (await api.post("/repos/acme/widgets/hooks", data=body))["id"]

    hook = run(server, create)
    for n in range(4):
        server.publish("github.watch", {"action": "started", "n": n}, f"gidgethub-{n}")
        sink.event("watch")

    async def walk(api):
        return [item["id"] async for item in api.getiter(f"/repos/acme/widgets/hooks/{hook}/deliveries?per_page=2")]

    ids = eventually("five deliveries", lambda: (found := run(server, walk)) and len(found) == 5 and found)
    assert ids == sorted(set(ids), reverse=True)
    run(server, lambda api: api.delete(f"/repos/acme/widgets/hooks/{hook}"))
