"""Which results become part of a profile of one's own, and what is said of the others."""

import json
from html.parser import HTMLParser

import pytest

from rtcomplexity.batch.calibration_results import Maker, calibrate, newer_plans, select, write_calibrated
from rtcomplexity.batch.ledger import KEY_FILE
from rtcomplexity.batch.outputs import JSONL
from rtcomplexity.errors import CohortError, UsageError
from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.calibration import SPLIT_COURSES
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.site import site_named
from rtcomplexity.testing.simulated_results import KEY, Simulation, lines_of, simulated_plans, write_results

PATTERN = load_profile(OWN_PATTERN)
SITE = site_named("shoulder")
MAKER = Maker(name="Physics", institution="Made Hospital", period="2025")


def lines(plans, **changes):
    simulation = Simulation(plans=plans, **changes)
    return lines_of(simulated_plans(simulation), simulation)


def results(folder, these, key=KEY):
    folder.mkdir(exist_ok=True)
    (folder / JSONL).write_text("".join(json.dumps(line) + "\n" for line in these), "utf-8")
    (folder / KEY_FILE).write_bytes(key)
    return folder


def of(line):
    return line["record"]["plan"]["content_id"]


def changed(line, **changes):
    """One result with some of its facts changed."""
    found = json.loads(json.dumps(line))
    record = found["record"]
    for name, value in changes.items():
        match name:
            case "status":
                found |= {"status": value, "code": "no-structure-set", "record": None}
            case "reason":
                record["verdict"]["reasons"] = [{"code": value, "text": ""}]
            case "site" | "fractions":
                record["plan"]["facts"][name] = value
            case "surface_method":
                record["gross_target"][name] = value
            case "volume":
                record["gross_target"]["metrics"]["scored.volume"]["value"] = value
            case "profile":
                record["score"]["profile"]["id"] = value
            case "patient_key":
                found[name] = value
    return found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "refused"}, "refused"),
        ({"status": "crashed"}, "refused"),
        ({"reason": "structure_set_rejected"}, "with a rejected structure set"),
        ({"reason": "images_not_linked"}, "with images that are not linked"),
        ({"reason": "not_measured"}, "not measured (quick)"),
        ({"reason": "invalid_geometry"}, "with invalid geometry"),
        ({"volume": None}, "without a gross target"),
        ({"site": "pelvis"}, "of another site"),
        ({"site": "not_shoulder"}, "of another site"),
        ({"surface_method": "sub-voxel, Gaussian 3 mm"}, "measured otherwise"),
        ({"profile": "knees-own"}, "measured by a profile of another site"),
        ({"patient_key": ""}, "without a patient"),
    ],
)
def test_every_result_that_is_left_out_is_listed_with_its_reason(tmp_path, changes, why):
    kept, left = lines(2)
    found = select([results(tmp_path / "out", [kept, changed(left, **changes)])], SITE, PATTERN)
    assert [one.id for one in found.kept] == [of(kept)]
    (exclusion,) = found.excluded
    assert exclusion.why == why
    assert exclusion.plan == (left["key"] if why == "refused" else of(left))


def test_every_result_ends_in_the_profile_or_among_the_excluded(tmp_path):
    these = [changed(line, site="pelvis") if n % 3 == 0 else line for n, line in enumerate(lines(60))]
    found = select([results(tmp_path / "out", these)], SITE, PATTERN)
    assert len(found.kept) + len(found.excluded) == 60
    assert found.counts == {"of another site": 20}


def test_a_plan_whose_site_nobody_stated_counts_as_one_of_the_site(tmp_path):
    """Whoever calibrates states the site of the batch; a plan that names another one is left out."""
    found = select([results(tmp_path / "out", [changed(lines(1)[0], site="unknown")])], SITE, PATTERN)
    assert len(found.kept) == 1


def test_several_files_make_one_profile_and_a_plan_in_two_counts_once(tmp_path):
    these = lines(40)
    one, other = results(tmp_path / "1", these[:25]), results(tmp_path / "2", these[15:])
    found = select([one, other / JSONL], SITE, PATTERN)
    assert {each.id for each in found.kept} == {of(line) for line in these}
    assert found.counts == {"same plan": 10}


def test_one_plan_per_patient_and_course(tmp_path):
    first, second, other = lines(3)
    second = changed(second, patient_key=first["patient_key"])
    found = select([results(tmp_path / "out", [first, second, other])], SITE, PATTERN)
    assert len(found.kept) == 2
    assert found.counts == {"same patient and course": 1}


def test_a_copy_under_another_patient_counts_once(tmp_path):
    """A plan exported again under another name has other hashes and the same measurements."""
    these = lines(3)
    copy = changed(these[0], patient_key="f" * 64)
    copy["record"]["plan"]["content_id"] = "f" * 64
    found = select([results(tmp_path / "out", [*these, copy])], SITE, PATTERN)
    assert len(found.kept) == 3
    assert found.counts == {"with the same measurements as another plan": 1}


def test_plans_without_fractions_are_left_out_where_short_and_long_courses_are_told_apart(tmp_path):
    short, long = lines(122), lines(122, seed=1, fractions=30, first_patient=500)
    these = [*short[:120], *long[:120], *(changed(line, fractions=None) for line in short[120:])]
    made = calibrate([results(tmp_path / "out", these)], SITE, PATTERN, MAKER)
    assert made.selection.counts == {"without fractions": 2}
    assert [each.id for each in made.profile.strata] == [course.id for course in SPLIT_COURSES]


def test_which_plans_are_kept_depends_on_no_order(tmp_path):
    these = [changed(line, patient_key=f"{n % 30:064d}") for n, line in enumerate(lines(60))]
    one = calibrate([results(tmp_path / "1", these)], SITE, PATTERN, MAKER)
    other = calibrate([results(tmp_path / "2", these[::-1])], SITE, PATTERN, MAKER)
    assert one.text == other.text


def test_too_few_plans_are_refused_with_what_was_left_out(tmp_path):
    these = [changed(line, site="pelvis") if n < 6 else line for n, line in enumerate(lines(25))]
    with pytest.raises(CohortError, match=r"19 of 25 results can be part of a profile \(6 of another site\)"):
        calibrate([results(tmp_path / "out", these)], SITE, PATTERN, MAKER)


def test_it_says_with_what_its_plans_were_measured(tmp_path):
    said = calibrate([results(tmp_path / "out", lines(40))], SITE, PATTERN, MAKER).profile.provenance
    assert said.slice_spacings_mm == (1.0, 2.25, 3.0)
    assert "Gaussian 1 mm" in said.surface_method
    assert (said.made_by, said.institution, said.period) == ("Physics", "Made Hospital", "2025")


def test_newer_plans_are_those_that_are_not_in_the_profile(tmp_path):
    these = lines(60)
    profile = calibrate([results(tmp_path / "1", these[:40])], SITE, PATTERN, MAKER).profile
    found = newer_plans([results(tmp_path / "2", these[30:])], profile)
    assert len(found.kept) == 20
    assert found.counts == {"in the profile already": 10}
    with pytest.raises(CohortError, match="10 in the profile already"):
        newer_plans([results(tmp_path / "3", these[:10])], profile)


class Words(HTMLParser):
    """Text and tags of a page."""

    def __init__(self):
        super().__init__()
        self.text, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    hostile = Maker(name="<script>alert(1)</script>", institution="Made & Co", period="2025")
    these = [*lines(130), changed(lines(131)[-1], site="pelvis")]
    made = calibrate([results(folder / "out", these)], SITE, PATTERN, hostile)
    return made, write_calibrated(made, folder / "ours.toml")


def test_the_page_shows_every_factor_and_where_the_profile_comes_from(written):
    made, (_, page) = written
    found = Words()
    found.feed(page.read_text("utf-8"))
    text = " ".join(" ".join(found.text).split())
    shown = {attributes["title"] for tag, attributes in found.tags if tag == "td" and "title" in attributes}
    assert shown == {factor.metric for family in PATTERN.families for factor in family.factors}
    for words in (made.profile.sha256, "Made & Co", "130", "2025", "Gaussian 1 mm", "1 to 3 mm", "of another site"):
        assert words in text
    assert f"{made.profile.provenance.self_check_supported} of 130 supported" in text


def test_the_page_runs_nothing_and_asks_for_nothing(written):
    _, (_, page) = written
    found = Words()
    found.feed(page.read_text("utf-8"))
    tags = {tag for tag, _ in found.tags}
    assert tags.isdisjoint({"script", "link", "img", "iframe"})
    assert not [attributes for _, attributes in found.tags if {"src", "href"} & set(attributes)]


def test_the_profile_on_disk_is_the_one_that_was_made(written):
    made, (out, _) = written
    assert load_profile(out).sha256 == made.profile.sha256


def test_a_place_that_cannot_be_written_is_a_usage_error(written, tmp_path):
    made, _ = written
    with pytest.raises(UsageError, match="--out"):
        write_calibrated(made, tmp_path / "none" / "ours.toml")


def test_simulated_results_are_read_as_they_were_drawn(tmp_path):
    simulation = Simulation(plans=25, seed=3)
    found = select([write_results(tmp_path / "out", simulation)], SITE, PATTERN)
    volumes = {round(each, 6) for each in found.own_plans.plans.column("scored.volume").tolist()}
    assert volumes == {round(each, 6) for each in simulated_plans(simulation).column("scored.volume").tolist()}
