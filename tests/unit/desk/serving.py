"""The page served as `rtcomplexity serve` does, and a client that sends exactly what it is told to."""

import http.client
import json
import threading
import time
import urllib.parse
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from patience import HANG_S
from rtcomplexity.batch.worker import outcome_of
from rtcomplexity.desk import analysis, child, session
from rtcomplexity.desk.server import Desk
from rtcomplexity.desk.task import Task
from rtcomplexity.settings import Settings
from unit.desk.forms import CONTENT_TYPE, body_of


class _InlineChild:
    """Does here, before it is back, what an analysis does in a process of its own: no start, no limits, no end."""

    pid = 0
    _lock = threading.Lock()

    @classmethod
    def start(cls, module, arguments):
        assert module == child.MODULE
        task = Task.from_tree(json.loads(Path(*arguments).read_text("utf-8")))
        with cls._lock:
            outcome = outcome_of(partial(analysis.perform, task), "")
        task.place.result.write_text(outcome.to_json(), "utf-8")
        return cls()

    def poll(self):
        return 0

    def kill(self):
        """It has ended."""


@contextmanager
def served(settings=None, worklist=None, cms=None, *, in_processes=False):
    """Serve until the block ends; then nothing of the session may be left. Analyses are done in this process."""
    with pytest.MonkeyPatch.context() as patch:
        if not in_processes:
            patch.setattr(session, "StartedChild", _InlineChild)
        yield from _served(settings, worklist, cms)


def _served(settings, worklist, cms):
    desk = Desk(settings or Settings(), worklist=worklist, cms=cms)
    folder = desk.session.folder
    thread = threading.Thread(target=desk.serve)
    thread.start()
    try:
        yield Client(desk)
    finally:
        desk.stop()
        thread.join(HANG_S)
    assert not thread.is_alive()
    assert not folder.exists()


def files_of(folder):
    """Every file below a folder, as (name, content)."""
    return [(path.name, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.content = response.status, response.headers, response.read()

    @property
    def text(self):
        return self.content.decode()

    @property
    def place(self):
        return self.headers.get("location", "")


class Client:
    """One request a connection."""

    def __init__(self, desk):
        self.desk = desk
        parts = urllib.parse.urlsplit(desk.address)
        self.host, self.base = parts.netloc, parts.path.rstrip("/")

    def ask(self, method, path, body=None, **headers):
        """Send a request to an absolute path with these headers alone."""
        connection = http.client.HTTPConnection(self.host, timeout=HANG_S)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        named = {name.replace("_", "-"): value for name, value in {"Host": self.host, **headers}.items()}
        for name, value in named.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def get(self, path="/", **headers):
        return self.ask("GET", self.base + path, **headers)

    def post(self, path, body=b"", content_type="application/x-www-form-urlencoded", **headers):
        own = {"Origin": f"http://{self.host}", "Content_Type": content_type}
        return self.ask("POST", self.base + path, body, **{**own, **headers})

    def upload(self, files, added=None, **fields):
        return self.post("/plans", body_of(files, added, **fields), CONTENT_TYPE)

    def added(self, files, added=None, **fields):
        """Upload a plan and give the path of its page."""
        answer = self.upload(files, added, **fields)
        assert answer.status == 303, answer.text
        return answer.place.removeprefix(self.base)

    def ended(self, path):
        """Wait until the analysis of a plan has ended, and give its state."""
        for _ in range(int(HANG_S / 0.05)):
            status = json.loads(self.get(f"{path}/status").text)
            if status["state"] in {"ready", "failed"}:
                return status["state"]
            time.sleep(0.05)
        raise AssertionError("it never ended")
