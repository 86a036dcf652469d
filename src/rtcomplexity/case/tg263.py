"""How AAPM TG-263 would spell a name, where it has a name for what the name says.

Suggests nothing else: no name of more than 16 characters, none that is not made by TG-263's rules or in its list, and
none that would drop a word. The list of organs is data, in ``vocabulary.toml``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rtcomplexity.case.target_names import read_name
from rtcomplexity.case.vocabulary import Kind, terms_of
from rtcomplexity.model.structure_set import TargetClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.case.vocabulary import Organ, Term

LONGEST: Final = 16
_DOSES_GY: Final = (20.0, 100.0)
"""Numbers after a target that read as a dose: from, below."""
_CLASSIFIER: Final = frozenset({"n", "p", "sb", "par", "v", "vas"})
_LEVELS: Final = {"high": "High", "low": "Low", "mid": "Mid"}
_MODALITIES: Final = {"ct": "CT", "pt": "PT", "pet": "PT", "mr": "MR", "mri": "MR", "sp": "SP"}
_LESS_TARGET: Final = frozenset({"Lungs-CTV", "Lungs-GTV", "Lungs-ITV", "Lungs-PTV", "Liver-CTV", "Liver-GTV"})
"""Organs less a target that are in the list."""
_JOINERS: Final = frozenset("_-.:,")


def tg263_spelling(name: str) -> str | None:
    """Spell a target or organ the way TG-263 would; None where it already is, or where it has no name for it.

    Examples
    --------
    >>> [tg263_spelling(name) for name in ("GTV-1", "gtv_p", "PTV54", "optic nerve rt", "PTV_High", "GTV_Mass")]
    ['GTV1', 'GTVp', 'PTV_5400', 'OpticNrv_R', None, None]
    """
    reading, terms = read_name(name), terms_of(name)
    if reading.is_target and reading.is_plain:
        spelled = _target(name, terms)
    elif reading.target_class is TargetClass.OAR and not reading.is_doubtful:
        spelled = _less_target(terms) if reading.sets_target_aside else _organ(terms)
    elif reading.target_class is TargetClass.EXTERNAL:
        spelled = "Body" if terms[0].text == "body" else "External"
    else:
        spelled = None
    return spelled if spelled and spelled != name.strip() and len(spelled) <= LONGEST else None


def _target(name: str, terms: Sequence[Term]) -> str | None:
    """Type, classifier, number, modality, dose; None where a word after the type has no place in these."""
    first = next((place for place, term in enumerate(terms) if term.kind is Kind.TARGET), None)
    if first is None or not terms[first].acronym or re.fullmatch(r".*-0\d", name.strip()):
        return None
    spelled, rest = terms[first].acronym, [term for term in terms[first + 1 :] if term.text not in _JOINERS]
    if spelled not in {"GTV", "IGTV", "CTV", "ICTV", "ITV", "PTV"}:
        return None
    if rest and rest[0].text in _CLASSIFIER:
        spelled, rest = spelled + rest[0].text, rest[1:]
    if rest and rest[0].kind is Kind.NUMBER and rest[0].text.isdigit() and _dose_cgy(rest) is None:
        spelled, rest = spelled + rest[0].text, rest[1:]
    if rest and rest[0].text in _MODALITIES:
        spelled, rest = f"{spelled}_{_MODALITIES[rest[0].text]}", rest[1:]
    return _with_level(spelled, rest)


def _with_level(spelled: str, rest: Sequence[Term]) -> str | None:
    if not rest:
        return spelled
    if len(rest) == 1 and rest[0].text in _LEVELS:
        return f"{spelled}_{_LEVELS[rest[0].text]}"
    dose_cgy = _dose_cgy(rest)
    has_unit = len(rest) == 2 and rest[1].text == "gy"
    return f"{spelled}_{dose_cgy}" if dose_cgy is not None and (has_unit or len(rest) == 1) else None


def _dose_cgy(terms: Sequence[Term]) -> int | None:
    """Dose in cGy that the first term says in Gy ("54") or cGy ("5400"); None where it is no dose."""
    if terms[0].kind is not Kind.NUMBER:
        return None
    value = float(re.sub("[,p]", ".", terms[0].text))
    if len(terms) > 1 and terms[1].text == "cgy":
        return None
    in_gy = value / 100 if value >= 1000 else value
    return round(in_gy * 100) if _DOSES_GY[0] <= in_gy < _DOSES_GY[1] else None


def _organ(terms: Sequence[Term]) -> str | None:
    """One organ with at most one side, and nothing else."""
    rest = [term for term in terms if term.text not in _JOINERS]
    organs = [term.organ for term in rest if term.organ is not None]
    sides = [term.side for term in rest if term.side]
    if len(organs) != 1 or len(sides) > 1 or len(rest) != 1 + len(sides) or not organs[0].name:
        return None
    return _organ_name(organs[0], sides)


def _organ_name(organ: Organ, sides: Sequence[str]) -> str | None:
    if organ.is_both:
        return organ.both if not sides else None
    if sides:
        return f"{organ.name}_{sides[0]}" if organ.is_sided else None
    return organ.name


def _less_target(terms: Sequence[Term]) -> str | None:
    """Spell "Lungs no GTV" as "Lungs-GTV", where the list has that."""
    organs = [term.organ for term in terms if term.organ is not None]
    targets = {term.acronym for term in terms if term.kind is Kind.TARGET}
    known = {Kind.TARGET, Kind.ORGAN, Kind.LESS, Kind.DOUBTFUL_LESS, Kind.BETWEEN, Kind.SIGN}
    if len(organs) != 1 or len(targets) != 1 or any(term.kind not in known for term in terms):
        return None
    name = organs[0].both if organs[0].is_both else organs[0].name
    spelled = f"{name}-{targets.pop()}"
    return spelled if spelled in _LESS_TARGET else None
