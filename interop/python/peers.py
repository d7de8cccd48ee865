"""Flask-WebSub on free ports: a subscriber and a publisher; and TLS in front of a hub that has none."""

import queue
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field

from conftest import PATIENCE
from flask import Flask, Response
from flask_websub.publisher import init_publisher, publisher
from flask_websub.subscriber import SQLite3SubscriberStorage, SQLite3TempSubscriberStorage, Subscriber
from werkzeug.serving import WSGIRequestHandler, make_server


class Http11(WSGIRequestHandler):
    """Silent, and with connections that stay open."""

    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


class Served:
    """A Flask application on a free port, until closed."""

    def __init__(self, app: Flask):
        self.app = app
        self.httpd = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Http11)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()

    def within(self):
        """A context in which the application knows its own URL."""
        return self.app.test_request_context(base_url=self.url)


class FlaskSubscriber(Served):
    """Flask-WebSub's subscriber; what it tells its listeners goes into queues."""

    def __init__(self, directory):
        app = Flask("subscriber")
        storage = SQLite3SubscriberStorage(str(directory / "subscriptions.db"))
        pending = SQLite3TempSubscriberStorage(str(directory / "pending.db"))
        self.subscriber = Subscriber(storage, pending)
        app.register_blueprint(self.subscriber.build_blueprint("/callbacks"))
        self.confirmed, self.denied, self.content = queue.Queue(), queue.Queue(), queue.Queue()
        self.subscriber.add_success_handler(lambda topic, id, mode: self.confirmed.put((topic, id, mode)))
        self.subscriber.add_error_handler(lambda topic, id, reason: self.denied.put((topic, id, reason)))
        self.subscriber.add_listener(lambda topic, id, body: self.content.put((topic, id, body)))
        super().__init__(app)

    def subscribe(self, **request) -> str:
        """Subscribes and waits for the hub's confirmation; the id of the callback."""
        with self.within():
            id = self.subscriber.subscribe(**request)
        assert self.confirmed.get(timeout=PATIENCE) == (request["topic_url"], id, "subscribe")
        return id

    def unsubscribe(self, id: str):
        """Unsubscribes and waits for the hub's confirmation."""
        with self.within():
            self.subscriber.unsubscribe(id)
        assert self.confirmed.get(timeout=PATIENCE)[1:] == (id, "unsubscribe")

    def renew(self, id: str):
        """Renews and waits for the hub's confirmation."""
        with self.within():
            self.subscriber.renew(id)
        assert self.confirmed.get(timeout=PATIENCE)[1:] == (id, "subscribe")

    def lease(self, id: str) -> int:
        """The lease the hub decided, in seconds."""
        return self.subscriber.storage[id]["lease_seconds"]

    def next(self):
        """The next content that the library took for genuine: topic, id of the callback, body."""
        return self.content.get(timeout=PATIENCE)


@dataclass
class Page:
    """What a publisher shows."""

    body: bytes
    media_type: str
    fetched: list = field(default_factory=list)


class FlaskPublisher(Served):
    """Flask-WebSub's publisher: one page that names the hub."""

    def __init__(self, hub: str, page: Page):
        app = Flask("publisher")
        init_publisher(app)

        @app.route("/topic")
        @publisher(hub_url=hub)
        def topic():
            page.fetched.append(True)
            return Response(page.body, content_type=page.media_type)

        super().__init__(app)
        self.topic = f"{self.url}/topic"


class TlsDoor:
    """Speaks TLS in front of a plain server, with a certificate of its own."""

    def __init__(self, port: int, directory):
        self.port_behind = port
        key, self.certificate = directory / "key.pem", directory / "cert.pem"
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        subprocess.run([*make, "-keyout", key, "-out", self.certificate, *subject], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.door.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                plain, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(plain,), daemon=True).start()

    def carry(self, plain: socket.socket):
        """Passes one request and its answer, to whose end the server closes, as it is asked to."""
        with self.context.wrap_socket(plain, server_side=True) as outside:
            with socket.create_connection(("127.0.0.1", self.port_behind)) as inside, outside.makefile("rb") as request:
                head = list(iter(request.readline, b"\r\n"))
                length = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:"))
                inside.sendall(b"".join(head) + b"\r\n" + request.read(length))
                while answer := inside.recv(65_536):
                    outside.sendall(answer)

    def close(self):
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()

