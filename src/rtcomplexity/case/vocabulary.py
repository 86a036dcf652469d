"""The words of ROI names: ``vocabulary.toml`` read once, and a name divided into its terms.

Knows which words there are and of which kind; what they mean together, :mod:`rtcomplexity.case.target_names` says.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.model.structure_set import TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Kind(StrEnum):
    """What a term of a name is."""

    TARGET = "target"
    WHOLE_NAME = "whole name"
    """Names a target where it is all that the name says: "tumor"."""
    HELPER = "helper"
    DOUBTFUL_HELPER = "doubtful helper"
    LESS = "less"
    DOUBTFUL_LESS = "doubtful less"
    BETWEEN = "between"
    """Says "less" between an organ and a target only."""
    PLUS = "plus"
    ORGAN = "organ"
    BODY = "body"
    OTHER = "other"
    QUALIFIER = "qualifier"
    NODES = "nodes"
    MODALITY = "modality"
    SITE = "site"
    SIDE = "side"
    LENGTH = "length"
    DOSE = "dose"
    NUMBER = "number"
    SIGN = "sign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organ:
    """An organ with its standard name in TG-263; empty where none is suggested."""

    name: str
    both: str = ""
    is_sided: bool = False
    is_both: bool = False
    """Whether the word says both of a pair together."""
    is_parenchyma: bool = False
    """Whether its volume less the target is routinely evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word, phrase, number or sign of a name."""

    kind: Kind
    text: str
    """As the vocabulary spells it; of an unknown word, as the name does, in lower case."""
    target_class: TargetClass | None = None
    acronym: str = ""
    """GTV, IGTV, ... where the target is named by its acronym."""
    organ: Organ | None = None
    side: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All words by kind."""

    terms: Mapping[str, Term]
    """By the letters of a word or phrase, without what joins its words."""
    acronyms: Mapping[str, TargetClass]
    internal: Mapping[str, TargetClass]
    planning: Mapping[str, TargetClass]
    spellings: Mapping[str, str]
    lookalikes: Mapping[int, int]
    """Code points of Latin letters by those of other scripts' letters that look like them."""
    excluded_prefixes: frozenset[str]
    pet_derived: frozenset[str]
    body_names: frozenset[str]
    unspecified: frozenset[str]
    """Words that say a target volume, but not which one."""


_MOST_WORDS: Final = 4
"""Of a phrase."""
_JOINERS: Final = frozenset(" _-.")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"))
_LETTERS: Final = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "œ": "oe", "Æ": "Ae", "Œ": "Oe", "ß": "ss"}
)
_PIECE: Final = re.compile(r"\d+(?:[.,]\d+|p\d+(?![A-Za-z]*x))?|[^\W\d_]+|[\W_]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+")
_UNSPACED: Final = ("CJK ", "HIRAGANA ", "KATAKANA ", "HANGUL ")
"""How Unicode's names of their letters begin."""
_LEAST_PART: Final = 3
"""Letters of the shortest word that one run of letters is divided into ("lungsminus")."""


@cache
def vocabulary() -> Vocabulary:
    """Read the vocabulary; once."""
    tree = tomllib.loads(resources.files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))
    terms = {term.text: term for term in _terms(tree)}
    targets = tree["targets"]
    return Vocabulary(
        terms={letters_of(text): term for text, term in terms.items()},
        acronyms=_classes(targets["acronyms"]),
        internal=_classes(targets["internal"]),
        planning=_classes(targets["planning"]),
        spellings=tree["spellings"],
        lookalikes=str.maketrans(tree["lookalikes"]["letters"], tree["lookalikes"]["latin"]),
        excluded_prefixes=frozenset(tree["excluded"]["prefixes"]),
        pet_derived=frozenset(tree["pet_derived"]["words"]),
        unspecified=frozenset(targets["unspecified"]["words"]),
        body_names=frozenset(letters_of(name) for name in tree["bodies"]["names"]),
    )


def terms_of(name: str) -> tuple[Term, ...]:
    """Divide a name into its terms.

    Examples
    --------
    >>> [term.text for term in terms_of("Lungs-GTVp 2")]
    ['lungs', '-', 'gtv', 'p', '2']
    """
    words = vocabulary()
    pieces = [piece for text in _PIECE.findall(_plain(name, words)) for piece in _split(text, words)]
    return tuple(_joined(pieces, words))


def words_of(name: str) -> tuple[str, ...]:
    """All words of a name in lower case, phrases not joined."""
    words = vocabulary()
    return tuple(
        part.casefold()
        for text in _PIECE.findall(_plain(name, words))
        for part in _split(text, words)
        if part.isalpha()
    )


def _plain(name: str, words: Vocabulary) -> str:
    """A name without accents, with one kind of dash, and with what is spelled by signs in words."""
    text = _WORD.sub(lambda word: _in_latin(word[0], words), without_accents(name.strip())).translate(_DASHES)
    for signs, word in words.spellings.items():
        pattern = rf"(?<![A-Za-z]){re.escape(signs)}(?![A-Za-z])" if signs[-1].isalpha() else re.escape(signs)
        text = re.sub(pattern, f" {word} ", text, flags=re.IGNORECASE)
    return text.strip()


def _in_latin(word: str, words: Vocabulary) -> str:
    """Latin letters for those that only look like them, in a word that holds Latin letters too."""
    return word if word.isascii() or not any(map(str.isascii, word)) else word.translate(words.lookalikes)


def without_accents(text: str) -> str:
    """A text without accents, wide forms and ligatures.

    Examples
    --------
    >>> without_accents("Pulmón"), without_accents("Œsophage")
    ('Pulmon', 'Oesophage')
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def letters_of(phrase: str) -> str:
    """Letters and digits of a phrase in lower case, without accents and what joins its words."""
    return "".join(letter for letter in without_accents(phrase) if letter.isalnum()).casefold()


def has_no_spaces_between_words(word: str) -> bool:
    """Whether a word is of a script that puts no space between words (Chinese, Japanese), or often none (Korean).

    Examples
    --------
    >>> has_no_spaces_between_words("左肺"), has_no_spaces_between_words("лёгкое")
    (True, False)
    """
    return word.isalpha() and all(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in word)


def _split(text: str, words: Vocabulary) -> list[str]:
    """Divide a run of letters at acronyms of targets, at capitals, and where two known words touch."""
    if not text[0].isalpha():
        return [text]
    if text.casefold() in words.terms:
        return [text]
    found = _acronym_at(text, words)
    if found is not None:
        start, end = found
        before, after = text[:start], text[end:]
        rest = _split(after, words) if after else []
        return [*(_split(before, words) if before else []), text[start:end], *rest]
    return [part for camel in _CAMEL.findall(text) for part in _parts(camel, words)]


def _acronym_at(text: str, words: Vocabulary) -> tuple[int, int] | None:
    """Where the first acronym of a target stands in a run of letters, its "I" or "P" with it."""
    found = re.search("|".join(words.acronyms), text, re.IGNORECASE)
    if found is None:
        return None
    start, end = found.span()
    before = text[start - 1 : start]
    opens = start == 1 or (start > 1 and before.isupper() and text[start - 2].islower())
    is_internal = before.casefold() == "i"
    is_planning = before.casefold() == "p" and found[0].upper() in words.planning and _is_one_case(before + found[0])
    return (start - 1 if opens and (is_internal or is_planning) else start), end


def _is_one_case(text: str) -> bool:
    return text.isupper() or text.islower()


def _parts(word: str, words: Vocabulary) -> list[str]:
    """Divide a word that is not known into known ones, the longest first; itself where that does not come out."""
    text = word.casefold()
    if text in words.terms:
        return [word]
    is_unspaced = has_no_spaces_between_words(text)
    ends = range(len(text) - 1, 0, -1) if is_unspaced else range(len(text) - 2, _LEAST_PART - 1, -1)
    for end in ends:
        head, tail = text[:end], text[end:]
        if head in words.terms and (is_unspaced or words.terms[head].kind is not Kind.SIDE):
            rest = _parts(tail, words)
            if all(_may_follow(part, head, words) for part in rest):
                return [head, *rest]
    return [word]


def _may_follow(part: str, head: str, words: Vocabulary) -> bool:
    """Whether a part of a word is one of its own: known, and long enough, or "less" after an organ ("lungsex")."""
    term = words.terms.get(part.casefold())
    if term is None:
        return False
    is_less = term.kind in {Kind.LESS, Kind.DOUBTFUL_LESS} and words.terms[head].kind is Kind.ORGAN
    return len(part) >= _LEAST_PART or is_less or has_no_spaces_between_words(part)


def _joined(pieces: list[str], words: Vocabulary) -> Iterator[Term]:
    """Turn pieces into terms, phrases of several words into one."""
    place = 0
    while place < len(pieces):
        if pieces[place] in {" ", "\t"}:
            place += 1
            continue
        term, place = _phrase_at(pieces, place, words)
        yield term


def _phrase_at(pieces: list[str], start: int, words: Vocabulary) -> tuple[Term, int]:
    """Return the longest known phrase that begins at a piece, and the place after it."""
    ends, place, text, count = [], start, "", 0
    while place < len(pieces) and count < _MOST_WORDS and (pieces[place][0].isalnum() or pieces[place] in _JOINERS):
        if pieces[place][0].isalnum():
            text, count = text + pieces[place].casefold(), count + 1
            if text in words.terms and (count > 1 or pieces[place].isalpha()):
                ends.append((words.terms[text], place + 1))
        elif place == start:
            break
        place += 1
    return ends[-1] if ends else (_single(pieces[start], words), start + 1)


def _single(piece: str, words: Vocabulary) -> Term:
    if piece[0].isdigit():
        return Term(kind=Kind.NUMBER, text=piece)
    if not piece.isalpha():
        return Term(kind=Kind.SIGN, text=piece)
    acronym = piece.upper()
    for table, prefix in ((words.acronyms, ""), (words.internal, "I"), (words.planning, "P")):
        if acronym.startswith(prefix) and acronym.removeprefix(prefix) in table:
            target_class = table[acronym.removeprefix(prefix)]
            return Term(kind=Kind.TARGET, text=acronym.lower(), target_class=target_class, acronym=acronym)
    return Term(kind=Kind.UNKNOWN, text=piece.casefold())


def _classes(table: Mapping[str, str]) -> dict[str, TargetClass]:
    return {word: TargetClass(kind) for word, kind in table.items()}


def _terms(tree: Mapping[str, Any]) -> Iterator[Term]:
    """Terms of all words, in the order in which a later one overrules an earlier of the same letters."""
    yield from _plain_terms(tree)
    for kind, word in ((Kind.LENGTH, "length"), (Kind.DOSE, "dose")):
        yield from (Term(kind=kind, text=text) for text in tree["units"][word])
    for side, texts in tree["sides"].items():
        yield from (Term(kind=Kind.SIDE, text=text, side=side) for text in texts)
    yield from _organ_terms(tree)
    for name, kind in (("whole_names", Kind.WHOLE_NAME), ("phrases", Kind.TARGET)):
        for target_class, phrases in tree["targets"][name].items():
            yield from (Term(kind=kind, text=text, target_class=TargetClass(target_class)) for text in phrases)


def _plain_terms(tree: Mapping[str, Any]) -> Iterator[Term]:
    groups: Iterable[tuple[Kind, list[str]]] = (
        (Kind.OTHER, tree["others"]["words"]),
        (Kind.BODY, tree["bodies"]["words"]),
        (Kind.SITE, tree["qualifiers"]["sites"]),
        (Kind.QUALIFIER, tree["qualifiers"]["words"]),
        (Kind.QUALIFIER, tree["targets"]["unspecified"]["words"]),
        (Kind.NODES, tree["qualifiers"]["nodes"]),
        (Kind.MODALITY, tree["qualifiers"]["modalities"]),
        (Kind.BETWEEN, tree["less"]["between"]),
        (Kind.DOUBTFUL_HELPER, tree["helpers"]["doubtful"]),
        (Kind.HELPER, tree["helpers"]["certain"]),
        (Kind.DOUBTFUL_LESS, tree["less"]["doubtful"]),
        (Kind.LESS, tree["less"]["certain"]),
        (Kind.PLUS, tree["plus"]["words"]),
    )
    return (Term(kind=kind, text=text) for kind, texts in groups for text in texts)


def _organ_terms(tree: Mapping[str, Any]) -> Iterator[Term]:
    for word in tree["organ_words"]["words"]:
        yield Term(kind=Kind.ORGAN, text=word, organ=Organ(name=""))
    for name, row in tree["organs"].items():
        for is_both, texts in ((False, row["words"]), (True, row.get("all", []))):
            organ = Organ(
                name=name,
                both=row.get("both", ""),
                is_sided=row.get("sided", False),
                is_both=is_both,
                is_parenchyma=row.get("parenchyma", False),
            )
            yield from (Term(kind=Kind.ORGAN, text=text, organ=organ) for text in texts)
