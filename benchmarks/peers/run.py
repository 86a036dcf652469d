"""Other tools on the same plans in the same run as rtcomplexity: wall time, peak memory, volumes.

Each peer's released package is installed into a throw-away virtual environment of its own and runs as a whole process;
the tools take turns, so that a drifting machine slows all of them alike. plastimatch has to be on the path.

    python benchmarks/peers/run.py                          # everything, environments in a temporary folder
    python benchmarks/peers/run.py --folder /tmp/peers      # keeps environments and inputs there for the next run
    python benchmarks/peers/run.py --only plastimatch --only rtcomplexity --input large --rounds 5
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

DRIVERS = Path(__file__).resolve().parent / "drivers"
sys.path.insert(0, str(DRIVERS.parents[1]))

import measure  # noqa: E402

PLASTIMATCH_ABSENT = "plastimatch is not on the path and is left out: `apt-get install plastimatch` on Debian or Ubuntu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A peer from PyPI."""

    name: str
    driver: str
    requirements: tuple[str, ...]
    note: str = ""


PACKAGES = (
    Package(name="rt-utils", driver="use_rt_utils.py", requirements=("rt-utils==1.2.7", "pydicom==3.0.2")),
    Package(
        name="dicompyler-core",
        driver="use_dicompyler_core.py",
        requirements=("dicompyler-core==0.5.6", "shapely==2.2.0", "pydicom==2.4.5"),
        note="structure set only, no grid",
    ),
    Package(
        name="dcmrtstruct2nii",
        driver="use_dcmrtstruct2nii.py",
        requirements=("dcmrtstruct2nii==5", "pydicom==2.4.5"),
        note="writes a NIfTI file an ROI",
    ),
    Package(name="platipy", driver="use_platipy.py", requirements=("platipy==0.7.2", "pydicom==2.4.5")),
    Package(name="DicomRTTool", driver="use_dicomrttool.py", requirements=("DicomRTTool==6.2.0", "pydicom==3.0.2")),
)
COMMON = ("numpy==2.4.6",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One input: a folder with nothing but ct/ and one structure set."""

    name: str
    folder: Path
    structure_set: Path
    shown: tuple[str, ...]
    """ROIs whose volumes are printed; empty: the largest deviation of any ROI."""

    @property
    def images(self) -> Path:
        return self.folder / "ct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One row of the table."""

    name: str
    version: str
    command: list[str]
    reader: list[str] | None = None
    """What reads its volumes afterwards, unmeasured; None: the last line it prints."""
    note: str = ""


def main() -> int:
    """Install, run in turn, print one table an input."""
    arguments = parse()
    if arguments.folder is not None:
        return compare(arguments, arguments.folder.resolve())
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        return compare(arguments, Path(folder))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="environments and inputs are made here, and kept")
    parser.add_argument("--python", default=sys.executable, help="the Python that the environments are made from")
    parser.add_argument("--only", action="append", help="a tool by name; may be repeated")
    parser.add_argument("--input", action="append", choices=("lung1_001", "large"), help="default: both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once-above", type=float, default=30.0, help="a slower command is run once only, s")
    parser.add_argument("--timeout", type=float, default=900.0, help="a command is ended after this, s")
    return parser.parse_args()


def compare(arguments: argparse.Namespace, folder: Path) -> int:
    """Measure every tool on every input, with everything under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{measure.machine('rtcomplexity', 'pydicom', 'numpy')}\n")
    pythons = {one.name: environment(one, folder, arguments.python) for one in PACKAGES if wanted(one.name, arguments)}
    for plan in plans(arguments.input or ["lung1_001", "large"], folder):
        with tempfile.TemporaryDirectory(prefix="masks-") as scratch:
            tools = [one for one in all_tools(plan, pythons, Path(scratch)) if wanted(one.name, arguments)]
            commands = {tool.name: tool.command for tool in tools}
            runs = measure.run_in_turn(
                commands,
                arguments.rounds,
                warm_up=[name for name in commands if name.startswith("rtcomplexity")],
                timeout_s=arguments.timeout,
                once_above_s=arguments.once_above,
            )
            print(table(plan, tools, runs), flush=True)
    return 0


def wanted(name: str, arguments: argparse.Namespace) -> bool:
    """Whether a tool was asked for: all are, unless some are named."""
    return not arguments.only or any(name.startswith(one) for one in arguments.only)


def environment(package: Package, folder: Path, python: str) -> Path:
    """Return the Python of the package's own environment, made if it is not there yet."""
    home = folder / "environments" / package.name
    own = home / "bin" / "python"
    done = home / "requirements.txt"
    requirements = "\n".join((*package.requirements, *COMMON)) + "\n"
    if done.exists() and done.read_text(encoding="utf-8") == requirements:
        return own
    measure.say(f"installing {package.name}")
    subprocess.run([python, "-m", "venv", "--clear", str(home)], check=True)
    install = [str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *requirements.split()], check=True)
    done.write_text(requirements, encoding="utf-8")
    return own


def plans(names: list[str], folder: Path) -> list[Plan]:
    """Return the inputs, made under `folder` if they are not there yet."""
    makers = {"lung1_001": lung_plan, "large": large_plan}
    return [plan for name in names if (plan := makers[name](folder / "inputs" / name)) is not None]


def lung_plan(folder: Path) -> Plan | None:
    """Link the real plan's CT and XiO structure set, without the other structure set beside it."""
    source = measure.data_folder() / "lung1_001"
    if not source.is_dir():
        measure.say("lung1_001 is left out: no real data; set RTCOMPLEXITY_DATA")
        return None
    structure_set = folder / "rtstruct" / "RS_xio.dcm"
    structure_set.parent.mkdir(parents=True, exist_ok=True)
    (folder / "ct").mkdir(exist_ok=True)
    pairs = [(path, folder / "ct" / path.name) for path in (source / "ct").iterdir()]
    for path, link in [*pairs, (source / "rtstruct" / "RS_xio.dcm", structure_set)]:
        if not link.exists():
            link.symlink_to(path.resolve())
    shown = ("GTV-1", "CTV-1", "PTV-1", "1,SUV_primair", "Spinal cord", "Lung L")
    return Plan(name="lung1_001", folder=folder, structure_set=structure_set, shown=shown)


def large_plan(folder: Path) -> Plan:
    """Write the 84 MB structure set and its CT."""
    structure_set = folder / "rtstruct" / "RS_large.dcm"
    if not structure_set.exists():
        subprocess.run([sys.executable, str(DRIVERS.parents[1] / "large_structure_set.py"), str(folder)], check=True)
    return Plan(name="large", folder=folder, structure_set=structure_set, shown=())


def all_tools(plan: Plan, pythons: dict[str, Path], scratch: Path) -> list[Tool]:
    """Return the rows for one input, ours first."""
    peers = [
        Tool(
            name=package.name,
            version=package.requirements[0].partition("==")[2],
            command=[
                str(pythons[package.name]),
                str(DRIVERS / package.driver),
                str(plan.images),
                str(plan.structure_set),
            ],
            note=package.note,
        )
        for package in PACKAGES
        if package.name in pythons
    ]
    return [*own_tools(plan), *plastimatch(plan, scratch), *peers]


def own_tools(plan: Plan) -> list[Tool]:
    """Return rtcomplexity as a user runs it."""
    version = measure.package_version("rtcomplexity")
    driver = [sys.executable, str(DRIVERS / "use_rtcomplexity.py"), str(plan.folder)]
    quick = [measure.rtcomplexity_command(), "analyze", str(plan.folder), "--quick", "--json"]
    return [
        Tool(name="rtcomplexity, volumes and runs", version=version, command=driver),
        Tool(
            name="rtcomplexity analyze --quick",
            version=version,
            command=quick,
            reader=[],
            note="every quick metric, issues, record",
        ),
    ]


def plastimatch(plan: Plan, scratch: Path) -> list[Tool]:
    """Return plastimatch writing a mask an ROI, and writing all masks into one file."""
    program = shutil.which("plastimatch")
    if program is None:
        measure.say(PLASTIMATCH_ABSENT)
        return []
    convert = [program, "convert", "--input", str(plan.structure_set), "--referenced-ct", str(plan.images)]
    masks, version = scratch / "masks", plastimatch_version(program)
    return [
        Tool(
            name="plastimatch",
            version=version,
            command=[*convert, "--output-prefix", str(masks), "--prefix-format", "nrrd"],
            reader=[sys.executable, str(DRIVERS / "use_plastimatch.py"), str(masks)],
            note="writes a NRRD file an ROI",
        ),
        Tool(
            name="plastimatch, one file",
            version=version,
            command=[*convert, "--output-ss-img", str(scratch / "all.nrrd")],
            reader=[],
            note="writes one NRRD file",
        ),
    ]


def plastimatch_version(program: str) -> str:
    """Return what plastimatch says it is."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found.group() if found else "?"


def table(plan: Plan, tools: list[Tool], runs: dict[str, list[measure.Run]]) -> str:
    """Return the Markdown table of one input."""
    stated = {plain(name): volume for name, volume in said_by(stated_command(plan)).items()}
    columns = list(plan.shown) or ["largest error of an ROI"]
    header = ["tool", "version", "rounds", "wall", "x ours", "processor", "x ours", "peak memory", *columns, "note"]
    base = runs[tools[0].name]
    rows = [["the structure set's own ROI Volume", *[""] * 7, *volume_cells(plan, stated, stated), "cm3"]]
    for tool in tools:
        its = runs[tool.name]
        figures = [tool.name, tool.version, str(len(its)), *cost_cells(its, base)]
        rows.append([*figures, *volume_cells(plan, found_by(tool, its), stated), outcome(tool, its)])
    return f"### {plan.name}\n\n{measure.markdown_table(header, rows)}\n"


def cost_cells(its: list[measure.Run], base: list[measure.Run]) -> list[str]:
    """Return wall and processor time, each with its ratio to the first row in the same round, and the peak."""
    if measure.failed(its):
        return ["-"] * 5
    wall, cpu = measure.median_wall_s(its), measure.median_cpu_s(its)
    slower, busier = measure.median_ratio(its, base), measure.median_ratio(its, base, "cpu_s")
    return [f"{wall:.2f} s", f"{slower:.1f}", f"{cpu:.2f} s", f"{busier:.1f}", f"{measure.peak_mb(its):,.0f} MB"]


def volume_cells(plan: Plan, found: dict[str, float | None], stated: dict[str, float | None]) -> list[str]:
    """Return the shown ROIs' volumes, or the largest relative deviation from the stated volumes."""
    if plan.shown:
        return [volume_cell(found.get(plain(name))) for name in plan.shown]
    errors = [abs((found.get(name) or 0.0) / volume - 1) for name, volume in stated.items() if volume]
    return [f"{100 * max(errors):.3f} %" if found else ""]


def volume_cell(volume_cm3: float | None) -> str:
    """Return a volume as printed in the table."""
    return "" if volume_cm3 is None else f"{volume_cm3:.1f}"


def outcome(tool: Tool, its: list[measure.Run]) -> str:
    """Return the row's note: how it failed, if it did."""
    last = its[-1]
    if last.exit_code == 0:
        return tool.note
    complaint = last.stderr.strip().splitlines()[-1:] or [""]
    return f"exit {last.exit_code}: {complaint[0][:100]}"


def found_by(tool: Tool, its: list[measure.Run]) -> dict[str, float | None]:
    """Return the tool's volumes by plain ROI name; empty if it has none."""
    if measure.failed(its) or tool.reader == []:
        return {}
    found = said_by(tool.reader) if tool.reader else last_document(its[-1].stdout)
    return {plain(name): volume for name, volume in found.items()}


def said_by(command: list[str]) -> dict[str, float | None]:
    """Run a reader and return the volumes it prints."""
    return last_document(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def last_document(stdout: str) -> dict[str, float | None]:
    """Return the JSON in the last line: some tools print before it."""
    return json.loads(stdout.strip().splitlines()[-1])


def stated_command(plan: Plan) -> list[str]:
    """Return what reads the structure set's own volumes."""
    return [sys.executable, str(DRIVERS / "stated_volumes.py"), str(plan.structure_set)]


def plain(name: str) -> str:
    """Return letters and digits only: tools lower the case and replace characters in ROI names."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


if __name__ == "__main__":
    sys.exit(main())
