"""The report as one page that needs nothing else: no network, no other file.

The page is rendered with every value escaped. Its policy allows the one style sheet and the one script in it by their
hashes, pictures in it as data, and nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.evidence.formats.text import shortened, shown
from rtcomplexity.evidence.histogram import VIEW_BOX
from rtcomplexity.evidence.page import page_of
from rtcomplexity.pictures.scene import CT_ATLAS, UPTAKE_ATLAS

if TYPE_CHECKING:
    from jinja2 import Template

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.pictures.scene import Pictures, Scene

TEMPLATE: Final = "page.html.j2"
MEDIA_TYPES: Final = {"png": "image/png", "jpg": "image/jpeg"}
IN_SCRIPT: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def evidence_html(record: Record, pictures: Pictures) -> bytes:
    """Render the page; the same record and pictures give the same bytes."""
    from markupsafe import Markup  # noqa: PLC0415 - importing the package stays quick

    css, script = shipped("page.css"), shipped("viewer.js")
    scene = _shown_scene(pictures.scene)
    rendered = _template().render(
        page=page_of(record),
        view_box=VIEW_BOX,
        scene=scene,
        stills=[_still(each, pictures) for each in pictures.scene.stills if each.file in pictures.files],
        fused=[_still(each, pictures) for each in pictures.scene.fused if each.file in pictures.files],
        slices=_slices(pictures),
        scene_json=Markup(_scene_json(scene, pictures)) if scene["structures"] or scene["meshes"] else "",  # noqa: S704
        css=Markup(css),  # noqa: S704 - both are files of this package
        script=Markup(script),  # noqa: S704
        policy=policy_of(css, script),
    )
    return rendered.encode()


@cache
def _template() -> Template:
    """The page's template; to compile it takes as long as to render all else of a report."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("rtcomplexity.evidence.formats"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE)


def report_policy() -> str:
    """Content-Security-Policy of every report, for whoever serves one."""
    return policy_of(shipped("page.css"), shipped("viewer.js"))


def policy_of(css: str, script: str) -> str:
    """Content-Security-Policy of a page with this style sheet and this script."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(css)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def shipped(name: str) -> str:
    """Text of a file of this package's templates."""
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _shown_scene(scene: Scene) -> dict[str, Any]:
    """The scene as plain values with every text made showable."""
    tree = scene.model_dump(mode="json")
    for each in (*tree["structures"], *tree["meshes"]):
        each["name"] = shortened(each["name"])
    for each in (*tree["stills"], *tree["fused"]):
        each["alt"] = shown(each["alt"])
    tree["mesh_alt"] = shown(tree["mesh_alt"])
    tree["notes"] = [shown(note) for note in tree["notes"]]
    return tree


def _still(still: Any, pictures: Pictures) -> dict[str, Any]:  # noqa: ANN401 - a Still
    content = pictures.files[still.file]
    width, height = struct.unpack(">II", content[16:24])
    return {
        "source": data_uri(still.file, content),
        "alt": shown(still.alt),
        "title": still.title,
        "width": width,
        "height": height,
    }


def data_uri(name: str, content: bytes) -> str:
    """Return a file's content as an address that leads nowhere else."""
    return f"data:{MEDIA_TYPES[name.rpartition('.')[2]]};base64,{base64.b64encode(content).decode('ascii')}"


def _slices(pictures: Pictures) -> dict[str, str] | None:
    """Addresses of the atlases; None where there is nothing to page through."""
    if pictures.scene.slices is None or CT_ATLAS not in pictures.files:
        return None
    uptake = pictures.files.get(UPTAKE_ATLAS)
    return {
        "image": data_uri(CT_ATLAS, pictures.files[CT_ATLAS]),
        "uptake": "" if uptake is None else data_uri(UPTAKE_ATLAS, uptake),
    }


def _scene_json(scene: dict[str, Any], pictures: Pictures) -> str:
    """What the script draws from; nothing in it can end the element it stands in."""
    addresses = _slices(pictures)
    slices = None if addresses is None else {**scene["slices"], **addresses}
    tree = {
        "slices": slices,
        "structures": [
            {"colour": each["colour"], "layer": each["layer"], "outlines": each["outlines"]}
            for each in scene["structures"]
        ],
        "meshes": [
            {key: each[key] for key in ("colour", "layer", "target_class", "vertices", "faces")}
            for each in scene["meshes"]
        ],
        "mesh_origin_mm": scene["mesh_origin_mm"],
        "mesh_step_mm": scene["mesh_step_mm"],
    }
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(IN_SCRIPT)
