"""Debian's orthanc on loopback: an archive of the tests' own, with a password and ports of its own."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path

import pytest

from patience import HANG_S

USER, PASSWORD = "tester", "loopback-only"
AE_TITLE = "ORTHANCTEST"
CALLING = "RTCTEST"
COMMAND = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")
PLUGIN = next(Path("/usr/share/orthanc/plugins").glob("libOrthancDicomWeb.so*"), None)
REQUIRED = os.environ.get("RTCOMPLEXITY_REQUIRE_ARCHIVE") == "1"
WHY_NOT = "Debian's orthanc and orthanc-dicomweb are not installed" if not (COMMAND and PLUGIN) else ""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Orthanc:
    """A running archive."""

    def __init__(self, folder, **configuration):
        self.http, self.dicom, self.receiver = free_port(), free_port(), free_port()
        self.folder = folder
        self.configuration = {
            "Name": "test",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": AE_TITLE,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": False,
            "DicomCheckModalityHost": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "Plugins": [str(PLUGIN)],
            "DicomModalities": {"us": [CALLING, "127.0.0.1", self.receiver]},
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            **configuration,
        }
        (folder / "orthanc.json").write_text(json.dumps(self.configuration))
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [COMMAND, str(folder / "orthanc.json")], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        self._wait()

    @property
    def dicomweb(self):
        return f"http://127.0.0.1:{self.http}/dicom-web"

    @property
    def dimse(self):
        return f"127.0.0.1:{self.dicom}"

    def _wait(self):
        for _ in range(HANG_S * 5):
            if self.process.poll() is not None:
                break
            try:
                return self.ask("system")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        pytest.fail(f"orthanc did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def ask(self, path, content=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}/{path}", content)
        request.add_header("Authorization", f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}")
        with urllib.request.urlopen(request, timeout=HANG_S) as answer:
            return json.loads(answer.read())

    def store(self, folder):
        """Put every DICOM file of a folder into the archive; how many."""
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.suffix == ".dcm")
        for path in files:
            self.ask("instances", path.read_bytes())
        return len(files)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(folder, **configuration):
    """Start an archive, or skip with the reason."""
    if WHY_NOT:
        (pytest.fail if REQUIRED else pytest.skip)(WHY_NOT)
    one = Orthanc(folder, **configuration)
    try:
        yield one
    finally:
        one.close()
