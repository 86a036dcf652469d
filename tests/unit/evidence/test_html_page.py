import html
import json
import re
from html.parser import HTMLParser

import pytest

from rtcomplexity.evidence.cover import cover_of
from rtcomplexity.evidence.formats.html import evidence_html, policy_of
from rtcomplexity.evidence.page import page_of
from rtcomplexity.evidence.record import from_json, to_json
from rtcomplexity.evidence.words import ANSWERS
from rtcomplexity.pictures.scene import no_pictures
from rtcomplexity.scoring.guardrails import DISCLAIMER, FORBIDDEN
from unit.evidence.made_evidence import HOSTILE_NAMES, VERDICTS, pictures_of, record_of, with_roi_name


class Reader(HTMLParser):
    """Collects elements, and the text that a person is shown."""

    def __init__(self, content):
        super().__init__()
        self.elements, self.texts, self._hidden = [], [], None
        self.feed(content.decode())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._hidden = tag if tag in {"script", "style"} else self._hidden

    def handle_endtag(self, tag):
        self._hidden = None if tag == self._hidden else self._hidden

    def handle_data(self, data):
        if self._hidden is None:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read(record=None, pictures=None):
    return Reader(evidence_html(record or record_of(), pictures or pictures_of()))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_page_says_the_answer_why_what_next_and_what_it_is_not(verdict):
    record = record_of(verdict)
    page = read(record)
    cover = cover_of(record)
    for said in (ANSWERS[verdict], cover.headline, *cover.because, cover.decision, DISCLAIMER, cover.claim_text):
        assert " ".join(said.split()) in page.text
    assert all(step.what in page.text for step in cover.steps)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_finding_for_and_against_stands_in_a_table_of_the_same_kind(verdict):
    record = record_of(verdict)
    page, laid_out = read(record), page_of(record)
    for row in (*laid_out.findings_for.rows, *laid_out.findings_against.rows):
        assert " ".join(row) in page.text
    for note in (*laid_out.notes_for, *laid_out.notes_against):
        assert " ".join(note.split()) in page.text
    assert page.text.count(" For increased complexity ") == page.text.count(" Against increased complexity ") == 1
    assert len([each for each in page.all("div") if each.get("class") == "side"]) == 2


def test_a_page_that_does_not_support_asks_for_no_document():
    text = read(record_of("rejects")).text
    for heading in ("Outstanding documentation", "Documentation checklist", "Physician's statement", "reviewer"):
        assert heading not in text
        assert heading in read(record_of("indeterminate")).text


@pytest.mark.parametrize("verdict", VERDICTS)
def test_no_forbidden_word_stands_in_the_page(verdict):
    assert not FORBIDDEN.search(read(record_of(verdict)).text)


def test_a_calibrated_profile_shows_its_false_support_rate_with_its_population():
    record = record_of("supports")
    rate = record.verdict.false_support_rate
    assert f"{100 * rate.value:.3g}%" in read(record).text
    assert rate.population in read(record).text


def test_an_uncalibrated_profile_says_that_the_rate_is_not_known():
    assert "not known (the profile is not calibrated)" in read(record_of("insufficient_evidence")).text


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_adds_no_element_and_no_invisible_character(name):
    shown_name = name.encode("utf-8", "backslashreplace").decode()
    page, plain = read(with_roi_name(name), pictures_of(shown_name)), read(with_roi_name("x"), pictures_of("x"))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(each) for _, each in page.elements] == [sorted(each) for _, each in plain.elements]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page.text)


def test_the_page_asks_for_nothing_from_anywhere():
    content = evidence_html(record_of(), pictures_of()).decode()
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', content)[1])
    css, script = (
        re.search(r"<style>(.*?)</style>", content, re.DOTALL)[1],
        re.findall(r"<script>(.*?)</script>", content, re.DOTALL),
    )
    assert policy == policy_of(css, script[0])
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert len(script) == 1
    assert "unsafe" not in policy
    assert not re.search(r"https?://|\bsrc=\"(?!data:)|@import|url\(", content)
    assert " style=" not in content
    assert not re.search(r"\son[a-z]+=", content)


def test_the_scene_cannot_end_its_element():
    content = evidence_html(record_of(), pictures_of()).decode()
    scene = re.search(r'<script type="application/json" id="scene">(.*?)</script>', content, re.DOTALL)[1]
    assert "<" not in scene
    assert json.loads(scene)["slices"]["image"].startswith("data:image/jpeg;base64,")


def test_every_picture_and_control_has_a_text():
    page = read()
    assert all(each["alt"] for each in page.all("img"))
    assert all(each.get("aria-label") for each in page.all("canvas"))
    assert all("aria-label" in each or each.get("aria-hidden") == "true" for each in page.all("svg"))


def test_the_physicians_section_is_blank():
    page = read()
    fields = [each for each in page.all("input") if each["type"] == "text"]
    assert len(fields) >= 4
    assert not any(each.get("value") for each in fields)
    ticks = [each for each in page.all("input") if each["type"] == "checkbox" and "data-layer" not in each]
    assert ticks
    assert not any("checked" in each for each in ticks)


def test_a_face_is_warned_of_and_no_pictures_are_said_to_be_none():
    assert "A face may show" in read(pictures=pictures_of(face=True)).text
    assert "A face may show" not in read().text
    assert "No pictures: because." in read(pictures=no_pictures("No pictures: because.")).text


def test_the_same_record_gives_the_same_bytes():
    assert evidence_html(record_of(), pictures_of()) == evidence_html(record_of(), pictures_of())


def test_the_method_says_how_many_redrawings_agreed():
    assert "Verdict unchanged in 31 of 32 simulated re-contours" in read(record_of("supports")).text
    tree = json.loads(to_json(record_of("supports")))
    del tree["verdict"]["redrawings"]
    older = from_json(json.dumps(tree).encode())
    assert "Verdict unchanged in 97% of the simulated re-contours" in read(older).text


def test_an_aspect_just_under_a_cutoff_is_not_rounded_over_it():
    tree = json.loads(to_json(record_of()))
    tree["score"]["families"][0]["score"] = 96.76
    text = read(from_json(json.dumps(tree).encode())).text
    assert "96.8 above" in text or "96.8 within" in text
    assert "anchoring" not in text
