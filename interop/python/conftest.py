"""Starts one Postrider server for the session: alice owns acme with widgets and gadgets."""

import json
import os
import queue
import re
import subprocess
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# How long a test waits before it takes something for lost, in seconds. No measure of speed: a busy machine is slow.
PATIENCE = 180.0
# Clients that ask the environment for a proxy would take their calls of this machine there.
for name in [name for name in os.environ if name.upper() in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")]:
    del os.environ[name]
SCOPES = ["repo", "admin:repo_hook", "admin:org_hook", "events:write", "events:read"]


def binary() -> str:
    """`POSTRIDER_BIN`, or a debug build made now."""
    if given := os.environ.get("POSTRIDER_BIN"):
        return given
    command = ["cargo", "build", "--quiet", "-p", "postrider", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return next(
        message["executable"]
        for message in map(json.loads, built)
        if message.get("executable") and message["target"]["name"] == "postrider"
    )


@dataclass
class Server:
    """A running server and the tokens to use it with."""

    url: str
    admin: str
    token: str = ""

    def v1(self, method: str, path: str, body=None, headers=None):
        """A call of /api/v1 that must succeed."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        everything = {"Authorization": f"Bearer {self.admin}", "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, everything, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def publish(self, kind: str, data: dict, id: str) -> dict:
        """Publishes one CloudEvent of acme/widgets in binary mode."""
        attributes = {"specversion": "1.0", "id": id, "source": "/repos/acme/widgets", "type": kind}
        return self.v1("POST", "/events", data, {f"ce-{name}": value for name, value in attributes.items()})


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server; ends with the session."""
    data = tmp_path_factory.mktemp("data")
    flags = ["--listen", "127.0.0.1:0", "--data-dir", str(data), "--egress-allow", "loopback"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTRIDER_")}
    # Receivers are slow where the machine is.
    environment |= {"POSTRIDER_DELIVERY__TIMEOUT": "30", "POSTRIDER_BITBUCKET_DC__TIMEOUT__READ": "30"}
    process = subprocess.Popen(
        [binary(), "serve", *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    try:
        server = Server(wait_for_address(lines), (data / "admin.token").read_text().strip())
        server.v1("POST", "/users", {"login": "alice", "name": "Alice Doe", "email": "alice@acme.test"})
        server.v1("POST", "/orgs", {"login": "acme", "owner": "alice"})
        server.token = server.v1("POST", "/tokens", {"user": "alice", "scopes": SCOPES})["token"]
        for name in ["widgets", "gadgets"]:
            server.v1("POST", "/repos", {"owner": "acme", "name": name})
        yield server
    finally:
        process.kill()
        process.wait()


def wait_for_address(lines: queue.Queue) -> str:
    """Reads the log up to the ready line."""
    seen = ""
    while True:
        line = lines.get(timeout=PATIENCE)
        seen += line
        if found := re.search(r"listening on (http://\S+)", line):
            return found[1]


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict
    body: bytes


@dataclass
class Sink:
    """Records what it is sent and answers 200."""

    port: int = 0
    requests: queue.Queue = field(default_factory=queue.Queue)

    def url(self, path: str = "/hook") -> str:
        """Where deliveries should go."""
        return f"http://127.0.0.1:{self.port}{path}"

    def event(self, name: str) -> Received:
        """The next request of that event; others before it are dropped."""
        while True:
            received = self.requests.get(timeout=PATIENCE)
            if name in (received.headers.get("x-github-event"), received.headers.get("x-event-key")):
                return received


@pytest.fixture
def sink():
    """A receiver on a free port."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
            sink.requests.put(Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body))

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.port = httpd.server_address[1]
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield sink
    httpd.shutdown()
    httpd.server_close()


def eventually(what: str, probe):
    """Asks again, a little later each time, until the answer is true."""
    deadline, pause = time.monotonic() + PATIENCE, 0.01
    while True:
        if found := probe():
            return found
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(pause)
        pause = min(pause * 2, 0.25)
