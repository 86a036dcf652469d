"""Which site a plan is of: by its own words, by a person's, or by what an image excludes."""

import re
import unicodedata
from pathlib import Path

import pytest

import rtcomplexity
from rtcomplexity.errors import UsageError
from rtcomplexity.scoring.site import (
    NOT_STATED,
    Site,
    TreatedSite,
    checked_site,
    known_sites,
    shipped_sites,
    site_of,
    site_of_profiles_without_one,
)

SHOULDER = TreatedSite(id="shoulder", title="shoulder", place="the shoulder", words=("shoulder", "acromi\\w*"))
PACKAGE = Path(rtcomplexity.__file__).parent


STATED = {
    "thoracic": """
        Lunge
        Lunge links
        Lungenkarzinom
        Thorax
        Poumon droit
        Région thoracique
        Tórax
        Pulmón izquierdo
        Pulmão
        Polmone dx
        Polmoni
        Лёгкое
        лёгкого
        Грудная клетка
        肺
        左肺上叶
        右肺癌
        胸部
        纵隔
        縦隔
        lung
    """,
    "brain": """
        Gehirn
        Schädel
        Schaedel
        Hirnmetastase
        Cerveau
        Cérébral
        Cerebro
        Cérebro
        Cervello
        Головной мозг
        脑
        脳転移
        颅内
    """,
    "pelvis": """
        Becken
        Prostata
        Próstata
        Harnblase
        Rektum
        Vessie
        Малый таз
        Предстательная железа
        前列腺
        前立腺
        骨盤
        宫颈癌
        prostate
    """,
    "head-and-neck": """
        Kopf-Hals
        Hals
        Tête et cou
        Cabeza y cuello
        Cabeça e pescoço
        Testa-collo
        Голова и шея
        Ротоглотка
        鼻咽
        头颈部
    """,
    "abdomen": """
        Leber
        Foie
        Hígado
        Fígado
        Fegato
        Печень
        肝臓
        肝
        腹部
    """,
    "spine-and-bone": """
        Wirbelsäule
        Wirbel
        Knochen
        胸椎
        Позвоночник
        Columna
        Spinal cord
    """,
    "extremity": """
        Oberschenkel
        Бедро
        Pierna
        Coscia
        大腿
        Left femur
    """,
    "unknown": """
        Спинной мозг
        Site 1
        Brust
        乳腺
        Gallenblase
    """,
}
"""What people write as Treatment Sites (300A,000B), one a line, by the site."""


def test_no_code_knows_one_site_from_another():
    """Sites stand in data: in profiles, payers, sites and codes; in names of organs, samples and shipped profiles."""
    words = re.compile(r"thora|chest", re.IGNORECASE)
    names = re.compile(r"thoracic-delineation-\d|chest ?wall|thoracicwall|Thorax ADMIRE")
    found = []
    for path in (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2"), *PACKAGE.rglob("*.typ")):
        if path.relative_to(PACKAGE).parts[0] != "testing":
            lines = enumerate(path.read_text("utf-8").splitlines(), start=1)
            found += [f"{path.name}:{n}" for n, line in lines if words.search(names.sub("", line))]
    assert [each for each in found if not each.startswith("face.py")] == []


@pytest.mark.parametrize("expected", STATED)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_site_is_known_by_its_words_in_several_languages(expected, form):
    texts = [line.strip() for line in STATED[expected].strip().splitlines()]
    read = {text: site_of(unicodedata.normalize(form, text)).word for text in texts}
    assert read == dict.fromkeys(texts, expected)


def test_a_site_is_at_a_place_elsewhere_or_nobody_knows():
    assert Site(named=frozenset({"brain"})).is_at("brain") is True
    assert Site(named=frozenset({"brain"})).is_at("pelvis") is False
    assert Site(excluded=frozenset({"brain"})).is_at("brain") is False
    assert Site(excluded=frozenset({"brain"})).is_at("pelvis") is None
    assert Site(named=frozenset({"brain", "pelvis"})).is_at("brain") is None
    assert Site(named=frozenset({"brain", "pelvis"})).is_at("abdomen") is False
    assert NOT_STATED.is_at("brain") is None


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        (("brain",), ("brain",), False),
        (("brain",), ("pelvis",), True),
        (("brain", "pelvis"), ("pelvis",), False),
        (("brain",), ("-brain",), True),
        (("brain",), ("-pelvis",), False),
        (("brain",), (), False),
    ],
)
def test_two_statements_contradict_each_other_where_both_cannot_be_true(one, other, contradict):
    def made(words):
        named = frozenset(word for word in words if not word.startswith("-"))
        return Site(named=named, excluded=frozenset(word[1:] for word in words if word.startswith("-")))

    assert made(one).contradicts(made(other)) is contradict
    assert made(other).contradicts(made(one)) is contradict


def test_records_have_one_word_for_each():
    assert Site(named=frozenset({"brain"})).word == "brain"
    assert Site(excluded=frozenset({"brain"})).word == "not_brain"
    assert Site(named=frozenset({"pelvis", "brain"})).word == "brain_or_pelvis"
    assert NOT_STATED.word == "unknown"


def test_a_person_states_an_id_or_what_it_is_not():
    assert checked_site("site", "head-and-neck") == Site(named=frozenset({"head-and-neck"}))
    assert checked_site("site", "not_pelvis") == Site(excluded=frozenset({"pelvis"}))
    for word in ("lung", "unknown", "not-", "any", ""):
        with pytest.raises(UsageError, match="one of abdomen, brain"):
            checked_site("site", word)


def test_a_profile_may_bring_a_site_of_its_own():
    assert site_of("Left acromion", known_sites(SHOULDER)).named == {"shoulder"}
    assert checked_site("site", "shoulder", known_sites(SHOULDER)).is_at("shoulder")
    assert site_of("Left shoulder").is_at("extremity")


def test_exactly_one_shipped_site_is_that_of_profiles_that_state_none():
    assert [site.id for site in shipped_sites().values() if site.of_profiles_without_site] == [
        site_of_profiles_without_one().id
    ]


def test_no_two_shipped_sites_share_a_word():
    words = [word for site in known_sites() for word in site.words]
    assert len(set(words)) == len(words)


def test_a_word_that_is_no_expression_is_refused():
    with pytest.raises(ValueError, match="is no regular expression"):
        TreatedSite(id="shoulder", title="shoulder", place="the shoulder", words=("(",))
