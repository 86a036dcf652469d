"""A real scheduler and two workers, each a process of its own, on loopback behind TLS."""

import datetime as dt
import json
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from integration.test_batch import batch_in_processes, comparable
from patience import HANG_S
from unit.batch.small_plans import write_archive

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed"),
]


def write_certificate(folder):
    """Write a key and a certificate that signs itself; both sides use them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(encoding))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """(address, options) of a scheduler with two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    write_certificate(folder)
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    tls = ["--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key]
    scheduler_file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    common = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    where = ["--host", "127.0.0.1", "--port", "0", "--protocol", "tls", "--no-dashboard"]
    processes = [subprocess.Popen([*dask, *tls, *where, "--scheduler-file", str(scheduler_file)], **common)]
    address = wait_for_address(scheduler_file)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *tls, "--nthreads", "1", "--no-dashboard"]
    processes += [subprocess.Popen([*worker, "--host", "127.0.0.1"], **common) for _ in range(2)]
    yield address, ("--scheduler", address, "--tls-ca", cert, "--tls-cert", cert, "--tls-key", key)
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait(HANG_S)


def wait_for_address(path):
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        try:
            return json.loads(path.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.1)
    pytest.fail("the scheduler did not start")


def test_gives_the_records_of_a_local_run(cluster, tmp_path):
    address, options = cluster
    assert address.startswith("tls://127.0.0.1")
    root = write_archive(tmp_path / "in", 4)
    code, _, err = batch_in_processes(root, "--out", tmp_path / "dask", *options, "--quiet", quick=False)
    assert code == 0, err
    assert batch_in_processes(root, "--out", tmp_path / "local", "--workers", 1, "--quiet", quick=False)[0] == 0
    assert comparable(tmp_path / "dask") == comparable(tmp_path / "local")
    assert len(comparable(tmp_path / "dask")) == 4


def test_answers_nobody_without_the_certificate(cluster, tmp_path):
    address, _ = cluster
    other = tmp_path / "other"
    other.mkdir()
    write_certificate(other)
    cert, key = other / "cert.pem", other / "key.pem"
    root = write_archive(tmp_path / "in", 1)
    tls = ("--tls-ca", cert, "--tls-cert", cert, "--tls-key", key)
    code, _, err = batch_in_processes(root, "--out", tmp_path / "out", "--scheduler", address, *tls)
    assert code == 2, err


@pytest.mark.real_data
def test_runs_the_sarcoma_set(cluster, real_data, tmp_path):
    _, options = cluster
    code, _, err = batch_in_processes(real_data / "sts", "--out", tmp_path, *options, "--quiet", quick=False)
    assert code in {0, 4}, err
    found = comparable(tmp_path)
    assert len(found) == 18
    assert {plan["status"] for plan in found.values()} == {"assessed"}
