"""The Flask extension github-webhook: it checks the old sha1 signature, over JSON and over forms."""

import queue
import threading

import pytest
from conftest import PATIENCE
from flask import Flask, request
from github_webhook import Webhook
from werkzeug.serving import make_server

SECRET = "flask"


@pytest.fixture
def receiver():
    """A Flask application behind a real listener; yields its URL and the queue of verified payloads."""
    app = Flask("receiver")
    received: queue.Queue = queue.Queue()
    # The extension signs `request.data`, which Flask leaves empty for forms unless the body was read before.
    app.before_request(lambda: request.get_data() and None)
    webhook = Webhook(app, endpoint="/postreceive", secret=SECRET)
    webhook.hook("ping")(lambda data: received.put(("ping", data)))
    webhook.hook("watch")(lambda data: received.put(("watch", data)))
    listener = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}/postreceive", received
    listener.shutdown()
    listener.server_close()


@pytest.mark.parametrize("content_type", ["json", "form"])
def test_a_delivery_passes_the_extensions_sha1_check(server, receiver, content_type):
    url, received = receiver
    body = {
        "scope": "/repos/acme/widgets", "dialect": "github", "url": url, "events": ["watch"], "secret": SECRET,
        "content_type": content_type,
    }
    hook = server.v1("POST", "/hooks", body)
    server.v1("POST", f"/hooks/{hook['id']}/pings")
    data = {"action": "started", "text": "héllo & wörld", "sender": {"login": "alice"}, "repository": {"full_name": "acme/widgets"}}
    assert server.publish("github.watch", data, f"flask-{content_type}")["deliveries"] >= 1
    events = [received.get(timeout=PATIENCE) for _ in range(2)]
    while ("watch", data) not in events:
        events.append(received.get(timeout=PATIENCE))
    assert any(event == "ping" and payload["hook_id"] == hook["id"] for event, payload in events)
    server.v1("DELETE", f"/hooks/{hook['id']}")


def test_the_extension_would_refuse_a_wrong_signature(receiver):
    import urllib.error
    import urllib.request

    url, _ = receiver
    headers = {"X-Hub-Signature": "sha1=" + "0" * 40, "X-GitHub-Event": "ping", "Content-Type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(urllib.request.Request(url, b"{}", headers), timeout=PATIENCE)
    assert caught.value.code == 400
