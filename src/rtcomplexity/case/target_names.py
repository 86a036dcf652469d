"""Which target volume an ROI delineates, and which of its facts decided that.

Order: the user's alias, RT ROI Interpreted Type, observation label, codes, name. A generic type (ORGAN, AVOIDANCE,
CONTROL, empty ...) yields to a plain target name, since whole archives type their targets ORGAN; beside a target word
in a longer name it holds. A name that is surely a planning structure made from a target (ring, expansion, organ less
target) is none, whatever the type. The words stand in ``vocabulary.toml``. Knows nothing of geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rtcomplexity.case.vocabulary import (
    Kind,
    Term,
    has_no_spaces_between_words,
    letters_of,
    terms_of,
    vocabulary,
    words_of,
)
from rtcomplexity.errors import UsageError
from rtcomplexity.model.structure_set import ClassDecidedBy, TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtcomplexity.model.structure_set import Code

NO_ALIASES: Final[Mapping[str, TargetClass]] = MappingProxyType({})

TARGET_TYPES: Final = MappingProxyType({kind.value: kind for kind in TargetClass if kind.is_target})
"""Types that are a target's, by their words."""
_TYPES: Final = MappingProxyType(
    {
        **TARGET_TYPES,
        "EXTERNAL": TargetClass.EXTERNAL,
        **dict.fromkeys(
            (
                *("MARKER", "ISOCENTER", "REGISTRATION", "SUPPORT", "FIXATION", "BOLUS", "CONTRAST_AGENT"),
                *("BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP", "BRACHY_CHNL_SHLD"),
                *("DOSE_REGION", "DOSE_MEASUREMENT"),
            ),
            TargetClass.OTHER,
        ),
    }
)
"""Types that say enough to overrule a name."""
_GENERIC_TYPES: Final = MappingProxyType(
    {
        **dict.fromkeys(("ORGAN", "AVOIDANCE", "OAR"), TargetClass.OAR),
        **dict.fromkeys(("CONTROL", "CAVITY", "TREATED_VOLUME", "IRRAD_VOLUME"), TargetClass.OTHER),
    }
)
"""Types that hold where nothing else says target, and beside a target word in a longer name."""
_SNOMED: Final = MappingProxyType(
    {"228791009": TargetClass.GTV, "228792002": TargetClass.CTV, "228793007": TargetClass.PTV}
)
_PLAIN: Final = frozenset(
    {
        *(Kind.TARGET, Kind.WHOLE_NAME, Kind.QUALIFIER, Kind.NODES, Kind.MODALITY, Kind.SITE, Kind.SIDE),
        *(Kind.NUMBER, Kind.DOSE, Kind.LENGTH),
    }
)
"""What a plain target name is made of."""
_PLAIN_SIGNS: Final = frozenset("-_.,:;/&^#*+'~ \t")
_OPENING: Final = frozenset("([_")
_MARK: Final = Term(kind=Kind.SIGN, text="_")
"""TG-263's mark of what is not for dose evaluation."""
_LESS: Final = frozenset({Kind.LESS, Kind.DOUBTFUL_LESS})
_INSIDE: Final = frozenset({"in", "inside", "within"})
_JOINED: Final = frozenset({"∩", "&", "and", "und", "et"})
_LOBES: Final = frozenset({"rul", "rml", "rll", "lul", "lll", "lobe"})
"""Sites that may stand beside a word that is a target only as the whole name: no tumor bed, but a tumor of a lobe."""
_SHORT: Final = 2
"""Letters of an unknown word that still counts as a classifier: GTVnd, CTV_a."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameReading:
    """What a name says by itself."""

    target_class: TargetClass | None = None
    """None where it says nothing."""
    words: tuple[str, ...] = ()
    """The words that decided, as the vocabulary spells them: nothing else of a name, which may identify someone."""
    is_plain: bool = False
    """Whether it is a target name with nothing in it that says otherwise."""
    is_doubtful: bool = False
    """Whether its words have another reading too."""
    sets_target_aside: bool = False
    """Whether it holds a target word, or TG-263's mark, and names something that is no target."""

    @property
    def is_target(self) -> bool:
        """Whether it names a target volume."""
        return self.target_class is not None and self.target_class.is_target

    @property
    def is_surely_no_target(self) -> bool:
        """Whether it says beyond doubt that an ROI made from a target, or not for evaluation, is no target."""
        return self.sets_target_aside and not self.is_doubtful


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The class of an ROI, what decided it, and the words that did where words did."""

    target_class: TargetClass
    decided_by: ClassDecidedBy
    words: tuple[str, ...] = ()


NOTHING: Final = NameReading()


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
        if aliases.setdefault(alias_key(name), target_class) is not target_class:
            raise UsageError("--map", text, "one class for one name")
    return MappingProxyType(aliases)


def alias_key(name: str) -> str:
    """What aliases are compared by: the name without outer spaces, in any case."""
    return name.strip().casefold()


def classify(
    name: str,
    *,
    interpreted_type: str = "",
    observation_label: str = "",
    codes: Iterable[Code] = (),
    aliases: Mapping[str, TargetClass] = NO_ALIASES,
) -> Classification:
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
    Classification
        UNRESOLVED, decided by NOTHING, where no fact says.

    Examples
    --------
    >>> found = classify("GTV-1", interpreted_type="ORGAN")
    >>> found.target_class, found.decided_by, found.words
    (<TargetClass.GTV: 'GTV'>, <ClassDecidedBy.NAME: 'name'>, ('gtv',))
    """
    if alias_key(name) in aliases:
        return Classification(target_class=aliases[alias_key(name)], decided_by=ClassDecidedBy.ALIAS)
    by_name, kind = read_name(name), interpreted_type.strip().upper()
    if by_name.is_surely_no_target and kind not in _TYPES.keys() - TARGET_TYPES.keys():
        return _by_words(by_name, ClassDecidedBy.NAME)
    if kind in _TYPES:
        return Classification(target_class=_TYPES[kind], decided_by=ClassDecidedBy.INTERPRETED_TYPE)
    if by_name.target_class is TargetClass.OTHER:
        return _by_words(by_name, ClassDecidedBy.NAME)
    return _by_generic_type_or_words(kind, _said_first(name, by_name, observation_label, codes))


def _said_first(
    name: str, by_name: NameReading, observation_label: str, codes: Iterable[Code]
) -> tuple[NameReading, ClassDecidedBy] | None:
    """What label, codes and name say: the first that says target, else the first that says anything."""
    repeats_name = alias_key(observation_label) == alias_key(name)  # then it adds nothing to the name
    said = [
        (NOTHING if repeats_name else read_name(observation_label), ClassDecidedBy.OBSERVATION_LABEL),
        (_read_codes(codes), ClassDecidedBy.CODE),
        (by_name, ClassDecidedBy.NAME),
    ]
    said = [(reading, by) for reading, by in said if reading.target_class is not None]
    return next((one for one in said if one[0].is_target), said[0] if said else None)


def _by_generic_type_or_words(kind: str, said: tuple[NameReading, ClassDecidedBy] | None) -> Classification:
    """A generic type holds where nothing says target, or only a longer name does."""
    generic = _GENERIC_TYPES.get(kind)
    is_plainly_target = said is not None and said[0].is_target and (said[0].is_plain or said[1] is ClassDecidedBy.CODE)
    if generic is not None and not is_plainly_target:
        return Classification(target_class=generic, decided_by=ClassDecidedBy.INTERPRETED_TYPE)
    if said is None:
        return Classification(target_class=TargetClass.UNRESOLVED, decided_by=ClassDecidedBy.NOTHING)
    return _by_words(*said)


def _by_words(reading: NameReading, decided_by: ClassDecidedBy) -> Classification:
    return Classification(
        target_class=reading.target_class or TargetClass.UNRESOLVED,
        decided_by=decided_by,
        words=reading.words,
    )


def _read_codes(codes: Iterable[Code]) -> NameReading:
    """Class by SNOMED CT code, else by TG-263 code value or the code's meaning."""
    for code in codes:
        if code.value in _SNOMED:
            return NameReading(target_class=_SNOMED[code.value], is_plain=True)
        for text in (code.value, code.meaning):
            reading = read_name(text)
            if reading.target_class is not None:
                return reading
    return NOTHING


def is_pet_derived(name: str) -> bool:
    """Whether a name says that the volume is a threshold of PET uptake (SUV, MTV)."""
    return not vocabulary().pet_derived.isdisjoint(words_of(name))


def unspecified_target(name: str) -> tuple[str, ...]:
    """Words by which a name says that it is a target volume, without saying which one.

    Examples
    --------
    >>> unspecified_target("Volumen objetivo 1"), unspecified_target("Box")
    (('volumen objetivo',), ())
    """
    return _texts(term for term in terms_of(name) if term.text in vocabulary().unspecified)


def read_name(name: str) -> NameReading:
    """Read what a name says, by TG-263 and how names stray from it.

    Names of planning structures made from targets (rings, expansions, differences, "opt", a bare "PTV!") are OTHER; an
    organ less a target ("Lungs-GTV", "Lung w/o GTV", "Lungs_GTV") is an organ.

    Examples
    --------
    >>> [read_name(name).target_class for name in ("PTV54", "ring PTV", "Lungs-GTV", "ROI 4")]
    [<TargetClass.PTV: 'PTV'>, <TargetClass.OTHER: 'OTHER'>, <TargetClass.OAR: 'OAR'>, None]
    >>> read_name("GTV+5mm").target_class, read_name("GTV+5mm").words
    (<TargetClass.OTHER: 'OTHER'>, ('gtv', '+', 'mm'))
    """
    terms = terms_of(name)
    if not terms:
        return NOTHING
    if name.strip().startswith("_") or terms[0].text in vocabulary().excluded_prefixes:
        return _aside(TargetClass.OTHER, terms[:1] if terms[0].text in vocabulary().excluded_prefixes else (_MARK,))
    first = next((place for place, term in enumerate(terms) if term.kind is Kind.TARGET), None)
    if first is None:
        return _without_target_word(name, terms)
    for rule in (_defined, _helped, _less, _cropped, _shared, _enlarged, _several, _organ_first):
        reading = rule(terms, first)
        if reading is not None:
            return reading
    return _target(terms, first)


def _target(terms: Sequence[Term], first: int, *, is_doubtful: bool = False) -> NameReading:
    plain = all(_is_plain(term) or (term.kind is Kind.ORGAN and place > first) for place, term in enumerate(terms))
    return NameReading(
        target_class=terms[first].target_class,
        words=(terms[first].text,),
        is_plain=plain and not is_doubtful,
        is_doubtful=is_doubtful,
    )


def _is_plain(term: Term) -> bool:
    if term.kind is Kind.SIGN:
        return term.text in _PLAIN_SIGNS or not term.text.isascii()
    return term.kind in _PLAIN or (term.kind is Kind.UNKNOWN and len(term.text) <= _SHORT)


def _reading(target_class: TargetClass, terms: Iterable[Term]) -> NameReading:
    return NameReading(target_class=target_class, words=_texts(terms))


def _aside(target_class: TargetClass, terms: Iterable[Term], *, is_doubtful: bool = False) -> NameReading:
    """Reading of a name that holds a target word and names no target."""
    return NameReading(target_class=target_class, words=_texts(terms), is_doubtful=is_doubtful, sets_target_aside=True)


def _texts(terms: Iterable[Term]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term.text for term in terms))


def _without_target_word(name: str, terms: Sequence[Term]) -> NameReading:
    whole = [term for term in terms if term.kind is Kind.WHOLE_NAME]
    if whole and all(_is_plain(term) and (term.kind is not Kind.SITE or term.text in _LOBES) for term in terms):
        return NameReading(target_class=whole[0].target_class, words=(whole[0].text,), is_plain=True)
    if letters_of(name) in vocabulary().body_names:
        return _reading(TargetClass.EXTERNAL, terms)
    others = [
        term
        for term in terms
        if term.kind in {Kind.HELPER, Kind.DOUBTFUL_HELPER, Kind.OTHER, Kind.LESS, Kind.DOUBTFUL_LESS}
    ]
    if others:
        return _reading(TargetClass.OTHER, others)
    organs = [term for term in terms if term.kind is Kind.ORGAN]
    return _reading(TargetClass.OAR, organs[:1]) if organs and not whole else NOTHING


def _defined(terms: Sequence[Term], first: int) -> NameReading | None:
    """Read "PTV=CTV+5mm", "PTV (CTV+5mm)": what precedes the sign is named, the rest says how it was made."""
    opens = next((place for place, term in enumerate(terms) if place > first and term.text in {"=", "("}), None)
    if opens is None or not all(_is_plain(term) for term in terms[:opens]) or terms[opens - 1].text in {"-", "+"}:
        return None
    if any(term.kind in {Kind.HELPER, Kind.DOUBTFUL_HELPER} for term in terms):
        return None
    return _target(terms[:opens], first)


def _helped(terms: Sequence[Term], first: int) -> NameReading | None:
    """Set rings, shells, structures for optimization and evaluation aside; a "PTV!" without a dose level is a crop."""
    certain = [term for term in terms if term.kind is Kind.HELPER]
    mark = next((place for place, term in enumerate(terms) if term.text == "!"), None)
    if mark is not None and not any(term.kind is Kind.NUMBER for term in terms[mark:]):
        certain.append(terms[mark])
    doubtful = [term for term in terms if term.kind is Kind.DOUBTFUL_HELPER]
    if not certain and not doubtful:
        return None
    return _aside(TargetClass.OTHER, (terms[first], *(certain or doubtful)), is_doubtful=not certain)


def _less(terms: Sequence[Term], first: int) -> NameReading | None:
    """Read one volume less another: an organ less a target is an organ, a target less anything is no target."""
    for place, term in enumerate(terms):
        before, after = terms[:place], terms[place + 1 :]
        if not _says_less(term, before, after):
            continue
        said = (*_decisive(before), term, *_decisive(after))
        kinds = {one.kind for one in said}
        is_of_organ = place < first or not _decisive(after)
        if Kind.ORGAN in {one.kind for one in terms[: min(place, first)]} and is_of_organ:
            return _aside(TargetClass.OAR, said)
        is_between_known = bool(_decisive(before)) and Kind.TARGET in {one.kind for one in after}
        return _aside(TargetClass.OTHER, said, is_doubtful=Kind.LESS not in kinds and not is_between_known)
    return None


def _cropped(terms: Sequence[Term], first: int) -> NameReading | None:
    """Set "PTV-skin3mm" aside: a distance after an organ says how far the target was cut back from it."""
    for dash, organ, number, unit in zip(
        terms[first:], terms[first + 1 :], terms[first + 2 :], terms[first + 3 :], strict=False
    ):
        kinds = (organ.kind, number.kind, unit.kind)
        if dash.text == "-" and kinds == (Kind.ORGAN, Kind.NUMBER, Kind.LENGTH):
            return _aside(TargetClass.OTHER, (terms[first], dash, organ, unit), is_doubtful=True)
    return None


def _shared(terms: Sequence[Term], first: int) -> NameReading | None:
    """Read what a target and an organ share: "Heart in PTV" is a part of the heart, "PTV and Heart" no target."""
    said = [term for term in terms if term.kind not in {Kind.NUMBER, Kind.DOSE} and term.text != "_"]
    for before, word, after in zip(said, said[1:], said[2:], strict=False):
        if (before.kind, after.kind) == (Kind.ORGAN, Kind.TARGET) and word.text in {*_INSIDE, *_JOINED}:
            return _aside(TargetClass.OAR, (before, word, after))
        if (before.kind, after.kind) == (Kind.TARGET, Kind.ORGAN) and word.text in _JOINED:
            return _aside(TargetClass.OTHER, (terms[first], word, after), is_doubtful=word.text != "∩")
    return None


def _decisive(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(term for term in terms if term.kind in {Kind.TARGET, Kind.ORGAN, Kind.BODY})


def _says_less(term: Term, before: Sequence[Term], after: Sequence[Term]) -> bool:
    if term.kind in _LESS:
        return True
    has_target_after = any(one.kind is Kind.TARGET for one in after)
    if term.kind is Kind.BETWEEN:
        return has_target_after and any(one.kind in {Kind.ORGAN, Kind.BODY, Kind.TARGET} for one in before)
    if term.text not in {"-", "\\"}:
        return False
    following = next((one for one in after if one.kind is not Kind.SIDE and one.text not in _OPENING), None)
    is_next = following is not None and following.kind is Kind.TARGET
    return is_next and any(_may_be_whole(one) for one in before)


def _may_be_whole(term: Term) -> bool:
    """Whether a target may be taken from what a term names: an unknown word of an unspaced script may be an organ."""
    if term.kind is Kind.UNKNOWN and has_no_spaces_between_words(term.text):
        return True
    return term.kind is Kind.TARGET or not _is_plain(term)


def _enlarged(terms: Sequence[Term], first: int) -> NameReading | None:
    """Set a target with a margin aside ("GTV+5mm"); a plus between targets or their numbers joins them."""
    for place, term in enumerate(terms):
        if term.text != "+" and term.kind is not Kind.PLUS:
            continue
        before, after = terms[:place], [one for one in terms[place + 1 :] if one.text not in _OPENING]
        if any(one.kind in {Kind.ORGAN, Kind.BODY} for one in (*before, *after[:1])):
            return _aside(TargetClass.OTHER, (terms[first], term), is_doubtful=True)
        if after and after[0].kind is Kind.NUMBER:
            has_unit = len(after) > 1 and after[1].kind is Kind.LENGTH
            if has_unit or before[-1:] == () or before[-1].kind is not Kind.NUMBER:
                return _aside(TargetClass.OTHER, (terms[first], term, *after[1 : 1 + has_unit]))
    return _with_margin(terms, first)


def _with_margin(terms: Sequence[Term], first: int) -> NameReading | None:
    """Set "GTV_5mm" aside: a gross target has no margin; the number might be a slice thickness."""
    found = terms[first].target_class
    if found is None or not found.is_gross:
        return None
    for number, unit in pairwise(terms):
        if number.kind is Kind.NUMBER and unit.kind is Kind.LENGTH:
            return _aside(TargetClass.OTHER, (terms[first], unit), is_doubtful=True)
    return None


def _several(terms: Sequence[Term], first: int) -> NameReading | None:
    """Read several targets in one name: of one class a union; else the first, unless a sign or word joins them."""
    targets = [term for term in terms if term.kind is Kind.TARGET]
    if len({term.target_class for term in targets}) < 2:
        return None
    if any(term.text in {"+", *_JOINED} for term in terms[first:]):
        return _aside(TargetClass.OTHER, targets, is_doubtful=True)
    return _target(terms, first, is_doubtful=True)


def _organ_first(terms: Sequence[Term], first: int) -> NameReading | None:
    """Read an organ before a target: both lungs hold no one target ("Lungs_GTV" is they less it); one lung may."""
    before = terms[:first]
    if any(term.kind is Kind.BODY for term in before):
        return _aside(TargetClass.OTHER, (*_decisive(before), terms[first]))
    organs = [term for term in before if term.organ is not None]
    if not organs:
        return None
    if any(term.organ.is_both for term in organs if term.organ):
        return _aside(TargetClass.OAR, (*organs, terms[first]))
    if any(term.organ.is_parenchyma for term in organs if term.organ):
        is_joined = any(term.text == "_" for term in before)
        if is_joined:
            return _aside(TargetClass.OAR, (*organs, terms[first]), is_doubtful=True)
        return _target(terms, first, is_doubtful=True)
    return _target(terms, first)
