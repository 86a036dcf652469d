"""The contents of ``pictures/scene.json``: everything about the pictures except pixels.

Defines the file format and reads it back; draws nothing. A scene read from a folder is untrusted: every field is
checked, and file names are limited to :data:`FILES`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping

SCENE_FILE: Final = "scene.json"
CT_ATLAS: Final = "slices.jpg"
UPTAKE_ATLAS: Final = "uptake.png"
PLANE_FILES: Final = ("axial.png", "coronal.png", "sagittal.png")
FUSED_FILES: Final = {"PT": "fused_pt.png", "MR": "fused_mr.png", "CT": "fused_ct.png"}
"""By the modality of the secondary image set."""
FILES: Final = (SCENE_FILE, CT_ATLAS, UPTAKE_ATLAS, *PLANE_FILES, *FUSED_FILES.values())
"""All names that a picture file can have; none comes from a tag."""

Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Still(_Frozen):
    """One saved picture of a plane, or of an image set with the planning image."""

    file: Literal["axial.png", "coronal.png", "sagittal.png", "fused_pt.png", "fused_mr.png", "fused_ct.png"]
    title: str
    alt: str


class Outline(_Frozen):
    """One contour on one slice."""

    slice: int
    points: tuple[int, ...]
    """x, y, x, y ... in tenths of a pixel of the tile."""


class Structure(_Frozen):
    """One ROI in the pictures."""

    number: int
    name: str
    target_class: str
    layer: Literal["targets", "organs"]
    colour: Colour
    outlines: tuple[Outline, ...] = ()


class Mesh(_Frozen):
    """One quantized surface: position = origin_mm + vertex * step_mm."""

    number: int
    name: str
    target_class: str
    layer: Literal["targets", "organs"]
    colour: Colour
    vertices: Base64
    """Little-endian unsigned 16-bit x, y, z."""
    faces: Base64
    """Little-endian unsigned 16-bit triples of vertices."""


class Slices(_Frozen):
    """The slice viewer: tiles of one picture, row by row."""

    width: int = Field(gt=0, le=2048)
    height: int = Field(gt=0, le=2048)
    columns: int = Field(gt=0, le=256)
    labels: tuple[str, ...]
    """One per slice."""
    first: int
    """The slice shown first."""
    left: str
    """Side of the patient on the left of the picture."""
    top: str
    caption: str


class Scene(_Frozen):
    """All pictures of one case."""

    schema_id: Literal["rtcomplexity/pictures/1"] = "rtcomplexity/pictures/1"
    stills: tuple[Still, ...] = ()
    fused: tuple[Still, ...] = ()
    """Secondary image sets with the planning image; the title states what was measured of the registration."""
    slices: Slices | None = None
    structures: tuple[Structure, ...] = ()
    meshes: tuple[Mesh, ...] = ()
    mesh_origin_mm: tuple[Finite, Finite, Finite] = (0.0, 0.0, 0.0)
    mesh_step_mm: Finite = 1.0
    mesh_alt: str = ""
    uptake: str = ""
    """Meaning of the colors over the slices; empty if there are none."""
    may_show_face: bool = False
    notes: tuple[str, ...] = ()
    """What is not shown, and why."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """A scene and its files."""

    scene: Scene
    files: Mapping[str, bytes]
    """By name from :data:`FILES`, without the scene itself."""

    def all_files(self) -> dict[str, bytes]:
        """All files including the scene, ordered by name."""
        return dict(sorted({**self.files, SCENE_FILE: to_json(self.scene)}.items()))


def to_json(scene: Scene) -> bytes:
    """Serialize a scene; equal scenes give equal bytes."""
    tree = scene.model_dump(mode="json")
    return (json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def from_files(files: Mapping[str, bytes]) -> Pictures:
    """Read saved pictures; raises pydantic's ValidationError if the scene is malformed."""
    scene = Scene.model_validate_json(files[SCENE_FILE])
    return Pictures(scene=scene, files={name: files[name] for name in FILES if name in files and name != SCENE_FILE})


def no_pictures(reason: str) -> Pictures:
    """The result for a case without pictures, with the reason."""
    return Pictures(scene=Scene(notes=(reason,)), files={})
