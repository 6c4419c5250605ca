"""A lab that runs, on a port of its own."""

import json
import threading
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest

from initlab.lab.server import bind

SMALL = {"schemes": ["zeros", "he"], "layers": [4], "iterations": 40}


@pytest.fixture(scope="session")
def lab():
    """The lab, with `ask(path, document, method, headers)` that gives (status, body, headers)."""
    served = bind(threads=1)
    thread = threading.Thread(target=served.run)
    thread.start()
    base = f"http://127.0.0.1:{served.port}"
    deadline = time.monotonic() + 60
    while not served.server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    def ask(path, document=None, *, method=None, headers=None):
        body = None if document is None else json.dumps(document).encode()
        sent = {"Content-Type": "application/json"} if body else {}
        request = urllib.request.Request(base + path, data=body, method=method, headers=sent | (headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read(), refusal.headers

    yield SimpleNamespace(url=base, port=served.port, ask=ask, app=served.app)
    served.server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture
def started(lab):
    """Start an experiment and give what the page would know of it."""

    def start(*, fresh=True, **fields):
        status, body, _ = lab.ask("/api/runs", {"experiment": SMALL | fields, "fresh": fresh})
        assert status == 201, body
        return json.loads(body)

    return start


@pytest.fixture
def events(lab):
    """Follow a run to its end: the events as (name, number, document)."""

    def follow(run, query="", headers=None):
        status, body, got = lab.ask(f"/api/runs/{run}/events{query}", headers=headers)
        assert (status, got.get_content_type()) == (200, "text/event-stream")
        return [parsed(block) for block in body.decode().split("\n\n") if block.startswith(("id", "event"))]

    def parsed(block):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        return fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"])

    return follow
