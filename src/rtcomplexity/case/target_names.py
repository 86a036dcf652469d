"""Which target volume an ROI delineates, and which of its facts decided that.

Order: the user's alias, RT ROI Interpreted Type, observation label, codes, name. A generic type (ORGAN, AVOIDANCE,
CONTROL, empty ...) yields to a name that clearly says target: whole archives type their targets ORGAN. A name with
TG-263's prefix for "not for dose evaluation" (z or _) is never a target. Knows nothing of geometry.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import UsageError
from rtcomplexity.model.structure_set import ClassDecidedBy, TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtcomplexity.model.structure_set import Code


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_ALIASES: Final[Mapping[str, TargetClass]] = MappingProxyType({})

_TARGETS: Final = MappingProxyType(
    {kind.value: kind for kind in (TargetClass.GTV, TargetClass.CTV, TargetClass.ITV, TargetClass.PTV)}
)
_TYPES: Final = MappingProxyType(
    {
        **_TARGETS,
        "EXTERNAL": TargetClass.EXTERNAL,
        **dict.fromkeys(
            (
                *("MARKER", "ISOCENTER", "REGISTRATION", "SUPPORT", "FIXATION", "BOLUS", "CONTRAST_AGENT"),
                *("BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP", "BRACHY_CHNL_SHLD"),
                *("DOSE_REGION", "DOSE_MEASUREMENT", "TREATED_VOLUME", "IRRAD_VOLUME"),
            ),
            TargetClass.OTHER,
        ),
    }
)
"""Types that say enough to overrule a name."""
_GENERIC_TYPES: Final = MappingProxyType(
    {
        **dict.fromkeys(("ORGAN", "AVOIDANCE", "OAR"), TargetClass.OAR),
        **dict.fromkeys(("CONTROL", "CAVITY"), TargetClass.OTHER),
    }
)
"""Types that hold only where nothing else says target."""

_EXCLUDED: Final = re.compile(r"_|z(?=[A-Z_\W\d])")
_TARGET_WORD: Final = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]{3}))(?P<internal>[iI]?)(?P<kind>GTV|CTV|PTV|ITV)", re.IGNORECASE
)
_SUBTRACTED: Final = re.compile(
    r"(?:GTV|CTV|PTV|ITV)[\w ]*?\s*(?:-|\u2212|\bminus\b)\s*[\w ]*?(?:GTV|CTV|PTV|ITV)", re.IGNORECASE
)
_ORGAN_LESS_TARGET: Final = re.compile(
    r"(?:-|\u2212|\bminus\b|\bexcl?\b\.?|without)\s*[iI]?(?:GTV|CTV|PTV|ITV)", re.IGNORECASE
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BODY_WALL: Final = re.compile(r"(chest|thorax|thoracic|abdominal)[\W_]*wall", re.IGNORECASE)
"""Walls of the body are anatomy, and may hold a tumour; a wall of anything else is a planning helper."""
_HELPERS: Final = _words(
    "ring rings opt optim optimise optimize optimisation optimization avoid avoidance shell wall dummy help "
    "helper hulp minus sub subtract outside isodose norm tuning nt not non excl exclude overlap inter "
    "intersect intersection buildup prv"
)
_OTHERS: Final = _words(
    "iso isocenter isocentre isoc marker markers couch couchsurface couchinterior table tabletop bolus "
    "fiducial fiducials seed seeds wire clip clips scar artifact artefact pacemaker"
)
_EXTERNALS: Final = frozenset(
    {"body", "external", "patient", "skin outline", "outline", "patient outline", "body contour"}
)
_ORGANS: Final = _words(
    "lung heart cord spinalcord canal spinalcanal myelum ruggenmerg esophagus oesophagus oesofagus slokdarm "
    "bronchus bronchi bronchial bronch bronchustree carina trachea airway aorta vena cava svc ivc vessel ves "
    "pulmonary artery vein great greatves atrium ventricle pericardium lad hart long longen liver lever "
    "kidney nier bladder rectum bowel bag stomach spleen duodenum pancreas gallbladder sigmoid colon anus "
    "brain brainstem chiasm optic nerve eye lens retina cornea cochlea parotid submandibular submand mandible "
    "larynx pharynx pharyngeal thyroid tongue lip oralcavity femur femoral hip pelvis bone marrow rib ribs "
    "chestwall thoraxwall thoracicwall abdominalwall "
    "chest brachial brachialplex plexus breast spine vertebra vertebrae sternum clavicle scapula "
    "humerus uterus ovary penilebulb penile testis cauda diaphragm gland lacrimal hippocampus pituitary "
    "muscle skin lobe"
)
_STRAYS: Final = (
    (re.compile(r"(?<![A-Za-z])TBV(?![A-Za-z])|tumou?r[\W_]*bed", re.IGNORECASE), TargetClass.CTV),
    (re.compile(r"SUV\W*_?prim|PET[\W_]*(?:tumou?r|vol)", re.IGNORECASE), TargetClass.GTV),
    (re.compile(r"(?<![A-Za-z])(?:BTV|MTV)(?![A-Za-z])", re.IGNORECASE), TargetClass.GTV),
    (re.compile(r"gross[\W_]*tumou?r", re.IGNORECASE), TargetClass.GTV),
    (re.compile(r"^(?:primary[\W_]*)?(?:tumou?r|lesion)[\W_]*\d*$", re.IGNORECASE), TargetClass.GTV),
    (re.compile(r"clinical[\W_]*target[\W_]*vol", re.IGNORECASE), TargetClass.CTV),
    (re.compile(r"internal[\W_]*target[\W_]*vol", re.IGNORECASE), TargetClass.ITV),
    (re.compile(r"planning[\W_]*target[\W_]*vol", re.IGNORECASE), TargetClass.PTV),
)
_SNOMED: Final = MappingProxyType(
    {"228791009": TargetClass.GTV, "228792002": TargetClass.CTV, "228793007": TargetClass.PTV}
)
_PET_DERIVED: Final = re.compile(r"(?<![A-Za-z])(?:SUV|MTV)(?![A-Za-z])", re.IGNORECASE)
_CROPPED: Final = re.compile(r"\w*-0\d")
"""TG-263: cropped back by so many millimetres."""
_DOSE_GY: Final = range(20, 100)
_SIDES: Final = MappingProxyType(
    {"l": "L", "lt": "L", "left": "L", "li": "L", "r": "R", "rt": "R", "right": "R", "re": "R"}
)
_TG263_ORGANS: Final = MappingProxyType(
    {
        **{word: word.capitalize() for word in ("lung", "heart", "liver", "kidney", "bladder", "rectum", "stomach")},
        **{
            word: word.capitalize()
            for word in ("spleen", "brain", "trachea", "breast", "parotid", "larynx", "mandible")
        },
        "lungs": "Lungs",
        "esophagus": "Esophagus",
        "oesophagus": "Esophagus",
        "spinalcord": "SpinalCord",
        "cord": "SpinalCord",
        "spinalcanal": "SpinalCanal",
        "brainstem": "Brainstem",
        "chestwall": "Chestwall",
        "aorta": "A_Aorta",
        "body": "Body",
        "external": "External",
        "femoralhead": "Femur_Head",
    }
)


def parse_aliases(texts: Iterable[str]) -> Mapping[str, TargetClass]:
    """Parse ``NAME=CLASS`` pairs as given to ``--map``.

    Parameters
    ----------
    texts : iterable of str
        Each an ROI name (any case), ``=`` and a target class; the last ``=`` divides.

    Returns
    -------
    Mapping[str, TargetClass]
        Class by case-folded name.

    Raises
    ------
    UsageError
        If a pair has no name or no known class, or one name is given two classes.

    Examples
    --------
    >>> parse_aliases(["1,SUV_primair=GTV"])["1,suv_primair"]
    <TargetClass.GTV: 'GTV'>
    """
    known = [kind.value for kind in TargetClass if kind is not TargetClass.UNRESOLVED]
    aliases: dict[str, TargetClass] = {}
    for text in texts:
        name, _, kind = text.rpartition("=")
        if not name.strip() or kind.strip().upper() not in known:
            raise UsageError("--map", text, f'"NAME=CLASS" with CLASS one of {", ".join(known)}')
        target_class = TargetClass(kind.strip().upper())
        if aliases.setdefault(_key(name), target_class) is not target_class:
            raise UsageError("--map", text, "one class for one name")
    return MappingProxyType(aliases)


def classify(
    name: str,
    *,
    interpreted_type: str = "",
    observation_label: str = "",
    codes: Iterable[Code] = (),
    aliases: Mapping[str, TargetClass] = NO_ALIASES,
) -> tuple[TargetClass, ClassDecidedBy]:
    """Say which target volume an ROI delineates.

    Parameters
    ----------
    name : str
        ROI Name.
    interpreted_type, observation_label : str
        Of RT ROI Observations Sequence.
    codes : iterable of Code
        Identification and property codes.
    aliases : Mapping[str, TargetClass]
        As :func:`parse_aliases` returns them.

    Returns
    -------
    tuple[TargetClass, ClassDecidedBy]
        UNRESOLVED, decided by NOTHING, where no fact says.

    Examples
    --------
    >>> classify("GTV-1", interpreted_type="ORGAN")
    (<TargetClass.GTV: 'GTV'>, <ClassDecidedBy.NAME: 'name'>)
    """
    if _key(name) in aliases:
        return aliases[_key(name)], ClassDecidedBy.ALIAS
    if _EXCLUDED.match(name.strip()):
        return TargetClass.OTHER, ClassDecidedBy.NAME
    kind = interpreted_type.strip().upper()
    if kind in _TYPES:
        return _TYPES[kind], ClassDecidedBy.INTERPRETED_TYPE
    by_name = class_from_name(name)
    if by_name is TargetClass.OTHER:
        return by_name, ClassDecidedBy.NAME
    repeats_name = _key(observation_label) == _key(name)  # then it adds nothing to the name
    said = (
        (None if repeats_name else class_from_name(observation_label), ClassDecidedBy.OBSERVATION_LABEL),
        (_class_from_codes(codes), ClassDecidedBy.CODE),
        (by_name, ClassDecidedBy.NAME),
    )
    return _first_target(said) or _generic(kind) or _first(said) or (TargetClass.UNRESOLVED, ClassDecidedBy.NOTHING)


def class_from_name(name: str) -> TargetClass | None:
    """Read the class from a name alone, by TG-263 and how names stray from it; None where it says nothing.

    Names of planning helpers made from targets (rings, differences, "opt", "PTV!") are OTHER; an organ less a target
    ("Lungs-GTV") is an organ.

    Examples
    --------
    >>> [class_from_name(name) for name in ("PTV54", "ring PTV", "Lungs-GTV", "ROI 4")]
    [<TargetClass.PTV: 'PTV'>, <TargetClass.OTHER: 'OTHER'>, <TargetClass.OAR: 'OAR'>, None]
    """
    name = name.strip()
    words = _words_of(name)
    if _EXCLUDED.match(name):
        return TargetClass.OTHER
    target = _target_word(name)
    if target is not None:
        return _target_or_helper(name, words, target)
    if _key(name) in _EXTERNALS:
        return TargetClass.EXTERNAL
    if not _HELPERS.isdisjoint(words) or not _OTHERS.isdisjoint(words):
        return TargetClass.OTHER
    return TargetClass.OAR if _names_organ(words) else None


def is_pet_derived(name: str) -> bool:
    """Whether a name says that the volume is a threshold of PET uptake (SUV, MTV)."""
    return _PET_DERIVED.search(name.replace("_", " ")) is not None


def tg263_spelling(name: str) -> str | None:
    """Spell a target or common organ the way TG-263 would; None where it already is, or where nothing is known.

    Examples
    --------
    >>> [tg263_spelling(name) for name in ("GTV-1", "gtv_p", "PTV54", "Lung L", "PTV_High")]
    ['GTV1', 'GTVp', 'PTV_5400', 'Lung_L', None]
    """
    name = name.strip()
    kind = class_from_name(name)
    found = _TARGET_WORD.search(name)
    if kind in {TargetClass.OTHER, None}:
        return None
    spelled = _target_spelling(name, found) if found and kind is not TargetClass.OAR else _organ_spelling(name)
    return spelled if spelled and spelled != name else None


def _key(name: str) -> str:
    return name.strip().casefold()


def _first_target(
    said: Iterable[tuple[TargetClass | None, ClassDecidedBy]],
) -> tuple[TargetClass, ClassDecidedBy] | None:
    return next(((kind, by) for kind, by in said if kind is not None and kind.is_target), None)


def _first(said: Iterable[tuple[TargetClass | None, ClassDecidedBy]]) -> tuple[TargetClass, ClassDecidedBy] | None:
    return next(((kind, by) for kind, by in said if kind is not None), None)


def _generic(kind: str) -> tuple[TargetClass, ClassDecidedBy] | None:
    return (_GENERIC_TYPES[kind], ClassDecidedBy.INTERPRETED_TYPE) if kind in _GENERIC_TYPES else None


def _class_from_codes(codes: Iterable[Code]) -> TargetClass | None:
    """Class by SNOMED CT code, else by TG-263 code value or the code's meaning."""
    classes = (
        _SNOMED.get(code.value) or class_from_name(code.value) or class_from_name(code.meaning) for code in codes
    )
    return next((kind for kind in classes if kind is not None), None)


def _target_word(name: str) -> TargetClass | None:
    found = _TARGET_WORD.search(name)
    if found is None:
        return next((kind for pattern, kind in _STRAYS if pattern.search(name)), None)
    kind = found["kind"].upper()
    if found["internal"] and kind == "GTV":
        return TargetClass.ITV  # gross disease with its motion
    return _TARGETS[kind]


def _target_or_helper(name: str, words: list[str], target: TargetClass) -> TargetClass:
    if _SUBTRACTED.search(name):
        return TargetClass.OTHER
    if _ORGAN_LESS_TARGET.search(name):
        return TargetClass.OAR if _names_organ(words) else TargetClass.OTHER
    return TargetClass.OTHER if "!" in name or not _HELPERS.isdisjoint(words) else target


def _words_of(name: str) -> list[str]:
    """Words of a name in lower case; a wall of the body is one word."""
    return [word.lower() for word in _WORD.findall(_BODY_WALL.sub(lambda found: f"{found[1].lower()}wall", name))]


def _names_organ(words: list[str]) -> bool:
    joined = "".join(words)
    return joined in _ORGANS or any(word in _ORGANS or word.removesuffix("s") in _ORGANS for word in words)


def _target_spelling(name: str, found: re.Match[str]) -> str:
    """Type, classifier, number and dose; what else follows is kept as structure."""
    kind = ("I" if found["internal"] else "") + found["kind"].upper()
    rest = name[found.end() :]
    if _CROPPED.fullmatch(rest):
        return kind + rest
    classifier = re.match(r"[_\W]?(sb|par|vas|[npv])(?![A-Za-z])", rest, re.IGNORECASE)
    if classifier:
        kind, rest = kind + classifier[1].lower(), rest[classifier.end() :]
    number = re.match(r"[_\W]*(\d+)(?:[.p]\d+)?\s*(?:Gy)?(?![A-Za-z\d])", rest)
    if number and int(number[1]) in _DOSE_GY:
        kind, rest = f"{kind}_{int(number[1]) * 100}", rest[number.end() :]
    elif number and len(number[1]) <= 2:
        kind, rest = kind + number[1], rest[number.end() :]
    rest = re.sub(r"[\W_]+", "_", rest).strip("_")
    return f"{kind}_{rest}" if rest else kind


def _organ_spelling(name: str) -> str | None:
    words = [word.lower() for word in _WORD.findall(name)]
    sides = [_SIDES[word] for word in words if word in _SIDES]
    organ = _TG263_ORGANS.get("".join(word for word in words if word not in _SIDES))
    if organ is None or len(sides) > 1 or re.search(r"\d", name):
        return None
    return f"{organ}_{sides[0]}" if sides else organ
