"""What fetching a plan from an archive costs: whole processes against Debian's orthanc on this machine.

    python benchmarks/fetch.py --runs 3

An archive of its own is started as the tests start theirs, filled with `lung1_001`, and asked by every way in turn.
Seconds of the archive are not ours: wall time has them, processor time and memory do not. Every byte that arrives by
WADO-RS is compared with what was stored.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import measure

sys.path.insert(0, str(measure.REPOSITORY / "tests"))
from archive import orthanc

MOST_MB, MOST_WALL_S = 60.0, 2.5
"""Goals for WADO-RS."""
READ_UID = "import sys, pydicom; print(pydicom.dcmread(sys.argv[1], stop_before_pixels=True).SOPInstanceUID)"


def ways(archive: orthanc.Orthanc) -> dict[str, list[str]]:
    """Return the options of each way into the archive."""
    dimse = ["--dimse", archive.dimse, "--called", orthanc.AE_TITLE, "--calling", orthanc.CALLING]
    return {"WADO-RS": ["--dicomweb", archive.dicomweb], "C-GET": dimse}


def hashes(folder: Path) -> list[str]:
    """Return the SHA-256 of every DICOM file under a folder, sorted."""
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.dcm"))


def fetched(options: list[str], uid: str, scratch: Path) -> tuple[measure.Run, list[str]]:
    """Fetch into a new folder; return the process and what arrived."""
    with tempfile.TemporaryDirectory(dir=scratch) as out:
        command = [measure.rtcomplexity_command(), "fetch", "--quiet", *options, "--structure-set", uid, "--out", out]
        run = measure.run_once(command)
        return run, hashes(Path(out))


def main() -> int:
    """Fill an archive, fetch from it in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=measure.data_folder() / "lung1_001")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if orthanc.WHY_NOT:
        print(f"Not measured: {orthanc.WHY_NOT}.")
        return 0
    os.environ |= {"RTCOMPLEXITY_DICOMWEB_USER": orthanc.USER, "RTCOMPLEXITY_DICOMWEB_PASSWORD": orthanc.PASSWORD}
    with tempfile.TemporaryDirectory() as scratch, orthanc.running(Path(scratch)) as archive:
        stored = archive.store(arguments.folder)
        drawn = arguments.folder / "rtstruct" / "RS_xio.dcm"
        uid = measure.run_once([sys.executable, "-c", READ_UID, str(drawn)]).stdout.strip()
        for options in ways(archive).values():
            fetched(options, uid, Path(scratch))
        runs: dict[str, list[tuple[measure.Run, list[str]]]] = {name: [] for name in ways(archive)}
        for _ in range(arguments.runs):
            for name, options in ways(archive).items():
                runs[name].append(fetched(options, uid, Path(scratch)))
    print(
        f"{measure.machine('pydicom', 'rtcomplexity')}; medians of {arguments.runs} rounds; {stored} instances stored\n"
    )
    print(report(runs, set(hashes(arguments.folder))))
    print(f"\nGoals for WADO-RS: {MOST_MB:.0f} MB, {MOST_WALL_S:g} s of wall time.")
    return int(any(measure.failed([run for run, _ in its]) for its in runs.values()))


def report(runs: dict[str, list[tuple[measure.Run, list[str]]]], stored: set[str]) -> str:
    """Return the Markdown table of all ways."""
    rows = []
    for name, its in runs.items():
        processes, arrived = [run for run, _ in its], its[-1][1]
        rows.append(
            [
                name,
                str(len(arrived)),
                str(sum(one in stored for one in arrived)),
                f"{measure.median_wall_s(processes):.2f} s",
                f"{measure.median_cpu_s(processes):.2f} s",
                f"{measure.peak_mb(processes):.0f} MB",
            ]
        )
    return measure.markdown_table(["way", "files", "byte for byte", "wall", "processor", "peak memory"], rows)


if __name__ == "__main__":
    sys.exit(main())
