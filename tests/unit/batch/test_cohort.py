import hashlib
import json
import stat

import pytest

from rtcomplexity.batch.cohort import build_cohort, write_cohort
from rtcomplexity.errors import CohortError, UsageError
from rtcomplexity.scoring.cohort import fingerprint, load_cohort, patient_hash, to_json
from unit.scoring.made_profile import made_profile

PROFILE = made_profile()
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))


def digest(name):
    return hashlib.sha256(name.encode()).hexdigest()


def record(plan, *, t=50.0, verdict="rejects", reasons=("below_reject_cutoff",), **changes):
    """The fields of a record that a cohort looks at, and one that it does not."""
    facts = {"site": "thoracic", "fractions": 5}
    facts |= {name: changes[name] for name in facts if name in changes}
    return {
        "schema": "rtcomplexity/evidence/1",
        "software": {"name": "rtcomplexity", "version": changes.get("software", "0.1.0")},
        "plan": {"id": digest(plan), "planning_image": {"slice_spacing_mm": 3.0}, "facts": facts},
        "gross_target": {"surface_method": changes.get("surface", "sub-voxel")},
        "score": {
            "profile": {"id": PROFILE.id, "sha256": changes.get("profile", PROFILE.sha256)},
            "stratum": changes.get("stratum", "sbrt"),
            "t": {"value": None, "reason": "not scored"} if t is None else t,
        },
        "verdict": {"value": verdict, "reasons": [{"code": code, "text": ""} for code in reasons]},
        "rois": [{"name": "a name that must not leave"}],
    }


def line(plan, *, patient="P", courses=(), status="assessed", code="", key=KEY, **changes):
    return {
        "schema": "rtcomplexity/batch/1",
        "key": digest(f"file of {plan}"),
        "patient_key": patient_hash(patient, key),
        "status": status,
        "code": code,
        "claims": [{"row": 2, "course_key": course} for course in courses],
        "record": record(plan, **changes) if status == "assessed" else None,
    }


def batch(folder, *lines, key=KEY):
    folder.mkdir(exist_ok=True)
    (folder / "results.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    if key is not None:
        (folder / "ledger.key").write_bytes(key)
    return folder


def ids(cohort, stratum="sbrt"):
    return {plan.plan for plan in cohort.plans_of(stratum)}


def reasons(cohort):
    return {each.plan: each.reason for each in cohort.exclusions}


def test_scores_and_no_more_are_kept(tmp_path):
    built = build_cohort([batch(tmp_path, line("a", patient="Doe^Jane", t=41.5))], PROFILE)
    (plan,) = built.cohort.plans_of("sbrt")
    assert (plan.plan, plan.t, plan.slice_spacing_mm) == (digest("a"), 41.5, 3.0)
    assert plan.patient == patient_hash("Doe^Jane", KEY)
    assert (built.key, built.cohort.patient_key) == (KEY, fingerprint(KEY))
    text = to_json(built.cohort).decode()
    assert "name that must not leave" not in text
    assert "Doe" not in text
    assert KEY.hex() not in text


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"status": "refused", "code": "no-structure-set"}, "refused", "no-structure-set"),
        ({"status": "crashed", "code": "program-fault"}, "refused", "program-fault"),
        (
            {"verdict": "insufficient_evidence", "reasons": ("structure_set_rejected",), "t": None},
            "insufficient_evidence",
            "structure_set_rejected",
        ),
        ({"verdict": "insufficient_evidence", "reasons": ("unmeasured_families",)}, "insufficient_evidence", None),
        ({"t": None}, "no_score", "below_reject_cutoff"),
        ({"site": "unknown"}, "site_not_stated", ""),
        ({"fractions": None}, "fractions_not_stated", ""),
        ({"profile": "0" * 64}, "other_profile", "made 000000000000"),
        ({"patient": ""}, "no_patient", ""),
        ({"stratum": "conventional"}, "other_stratum", "conventional"),
    ],
)
def test_every_plan_that_is_left_out_is_listed_with_its_reason(tmp_path, changes, reason, detail):
    results = batch(tmp_path, line("kept", patient="Q"), line("left", **changes))
    cohort = build_cohort([results], PROFILE, stratum="sbrt").cohort
    (exclusion,) = cohort.exclusions
    assert exclusion.reason == reason
    assert exclusion.plan == digest("file of left" if reason == "refused" else "left")
    assert detail is None or exclusion.detail == detail
    assert ids(cohort) == {digest("kept")}


def test_every_line_ends_in_the_cohort_or_among_the_exclusions(tmp_path):
    lines = [
        line(str(number), patient=str(number % 7), site="thoracic" if number % 3 else "unknown") for number in range(40)
    ]
    cohort = build_cohort([batch(tmp_path, *lines)], PROFILE).cohort
    assert len(ids(cohort)) + len(cohort.exclusions) == 40


def test_one_plan_per_patient_and_course(tmp_path):
    lines = [
        line("a", patient="P", courses=["1"]),
        line("b", patient="P", courses=["1"]),
        line("c", patient="P", courses=["2"]),
        line("d", patient="P"),
        line("e", patient="Q"),
        line("f", patient="Q"),
    ]
    cohort = build_cohort([batch(tmp_path, *lines)], PROFILE).cohort
    first_of_course = min(digest("a"), digest("b"))
    first_of_q = min(digest("e"), digest("f"))
    assert ids(cohort) == {first_of_course, digest("c"), first_of_q}
    assert set(reasons(cohort).values()) == {"same_patient_and_course"}
    assert digest("d") in reasons(cohort)


def test_which_plan_is_kept_depends_neither_on_its_score_nor_on_the_order(tmp_path):
    one = batch(tmp_path / "1", line("a", t=1.0), line("b", t=99.0))
    other = batch(tmp_path / "2", line("b", t=1.0), line("a", t=99.0))
    assert ids(build_cohort([one], PROFILE).cohort) == ids(build_cohort([other], PROFILE).cohort)
    again = batch(tmp_path / "3", line("b", t=99.0), line("a", t=1.0))
    assert to_json(build_cohort([one], PROFILE).cohort) == to_json(build_cohort([again], PROFILE).cohort)


def test_an_excluded_plan_takes_no_place(tmp_path):
    lines = [line("a", verdict="insufficient_evidence"), line("b")]
    assert ids(build_cohort([batch(tmp_path, *lines)], PROFILE).cohort) == {digest("b")}


def test_the_same_plan_of_two_sources_counts_once(tmp_path):
    results = batch(tmp_path / "batch", line("a"), line("b", patient="Q"))
    single = tmp_path / "evidence.json"
    single.write_text(json.dumps(record("a")), "utf-8")
    cohort = build_cohort([single, results], PROFILE).cohort
    assert ids(cohort) == {digest("a"), digest("b")}
    assert reasons(cohort) == {digest("a"): "same_plan"}
    assert cohort.patient_key is not None, "the result that tells patients apart is the one kept"


def test_single_records_tell_no_patients_apart(tmp_path):
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "evidence.json").write_text(json.dumps(record("a")), "utf-8")
    built = build_cohort([folder], PROFILE)
    assert (built.key, built.cohort.patient_key) == (None, None)
    assert ids(built.cohort) == {digest("a")}


def test_two_batches_tell_no_patients_apart_and_keep_no_hash_of_them(tmp_path):
    one = batch(tmp_path / "1", line("a"))
    two = batch(tmp_path / "2", line("b", key=OTHER_KEY), key=OTHER_KEY)
    cohort = build_cohort([one, two], PROFILE).cohort
    assert {plan.patient for plan in cohort.plans_of("sbrt")} == {""}
    assert (cohort.patient_key, cohort.sources) == (None, 2)


def test_one_ledgers_results_from_two_places_are_told_apart(tmp_path):
    one, two = batch(tmp_path / "1", line("a")), batch(tmp_path / "2", line("b"))
    cohort = build_cohort([one, two], PROFILE).cohort
    assert len(ids(cohort)) == 1
    assert cohort.patient_key == fingerprint(KEY)


def test_versions_and_surfaces_are_counted(tmp_path):
    lines = [line("a"), line("b", patient="Q", software="0.2.0", surface="")]
    cohort = build_cohort([batch(tmp_path, *lines)], PROFILE).cohort
    assert cohort.assessed_by == {"0.1.0": 1, "0.2.0": 1}
    assert cohort.surface_methods == {"not stated": 1, "sub-voxel": 1}


def test_cohort_and_key_are_written_for_their_owner_alone(tmp_path):
    built = build_cohort([batch(tmp_path, line("a"))], PROFILE)
    out = tmp_path / "cohort.json"
    assert [path.name for path in write_cohort(built, out)] == ["cohort.json", "cohort.json.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("cohort.json*")} == {0o600}
    read = load_cohort(out)
    assert (read.cohort, read.key) == (built.cohort, KEY)


def test_a_place_that_cannot_be_written_is_a_usage_error(tmp_path):
    built = build_cohort([batch(tmp_path, line("a"))], PROFILE)
    with pytest.raises(UsageError, match="--out"):
        write_cohort(built, tmp_path / "nowhere" / "cohort.json")


def test_where_nothing_remains_the_reasons_are_told(tmp_path):
    results = batch(tmp_path, line("a", site="unknown"), line("b", status="refused"))
    with pytest.raises(CohortError, match=r"None of 2 results .*1 refused, 1 site_not_stated"):
        build_cohort([results], PROFILE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "Line 1 of results.jsonl is no result"),
        ('{"schema": "rtcomplexity/batch/1"}', "Line 1 .* key"),
        (json.dumps({**line("a"), "schema": "rtcomplexity/batch/9"}), "schema 'rtcomplexity/batch/9'"),
        (json.dumps(line("a")) + "\n\n", "Line 2"),
    ],
)
def test_results_that_cannot_be_read_are_named_by_line(tmp_path, content, says):
    (tmp_path / "results.jsonl").write_text(content, "utf-8")
    with pytest.raises(CohortError, match=says):
        build_cohort([tmp_path], PROFILE)


def test_a_folder_without_results_says_what_is_expected(tmp_path):
    with pytest.raises(CohortError, match=r"holds neither results\.jsonl nor evidence\.json"):
        build_cohort([tmp_path], PROFILE)
    with pytest.raises(CohortError, match="There is no"):
        build_cohort([tmp_path / "none.json"], PROFILE)


def test_an_unknown_stratum_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="--stratum"):
        build_cohort([batch(tmp_path, line("a"))], PROFILE, stratum="pelvic")
