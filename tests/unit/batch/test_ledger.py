"""The ledger forgets nothing, is one run's at a time, and names nobody."""

import sqlite3
import stat
from dataclasses import replace

import pytest

from rtcomplexity.batch import ledger as module
from rtcomplexity.batch.ledger import KEY_FILE, LEDGER_FILE, FileRow, Ledger, PlanEntry, Standing, probe_journal
from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.errors import UsageError
from unit.batch.test_outputs import content_of, record


def entry(key="k", status=Status.REFUSED):
    return PlanEntry(
        key=key,
        standing=Standing("stats", "input", "options"),
        outcome=Outcome(status=status, code="code", reason="reason", wall_s=1.5),
        patient=b"p",
        instance=b"i",
        file_count=3,
    )


def test_keeps_what_was_put_when_the_run_ends_without_a_word(tmp_path):
    first = Ledger(tmp_path)
    first.put_plan(entry(), [])
    first._database.close()  # as a killed process leaves it
    with Ledger(tmp_path) as second:
        assert second.standing("k") == (Standing("stats", "input", "options"), Status.REFUSED)
        assert second.run == 2


def test_reports_only_the_plans_of_this_run(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.put_plan(entry("a"), [])
        ledger.put_plan(entry("b"), [])
    with Ledger(tmp_path) as ledger:
        ledger.keep("b", "stats")
        assert [plan.key for plan in ledger.plans()] == ["b"]
        assert ledger.counts() == {"refused": 1}


def assessed(key, verdict, instance):
    content = content_of(record(verdict=verdict))
    outcome = Outcome(status=Status.ASSESSED, content=content)
    return replace(entry(key), outcome=outcome, instance=instance)


def test_versions_of_one_structure_set_are_told_and_counted_once_where_chance_is_judged(tmp_path):
    with Ledger(tmp_path) as ledger:
        for key, verdict, instance in (
            ("a", "rejects", b"1"),
            ("b", "supports", b"1"),
            ("c", "rejects", b"2"),
            ("d", "rejects", b"2"),
            ("e", "insufficient_evidence", b"2"),
            ("f", "rejects", b""),
            ("g", "rejects", b""),
        ):
            ledger.put_plan(assessed(key, verdict, instance), [])
        assert ledger.verdicts() == {"supports": 1, "rejects": 5, "insufficient_evidence": 1}
        assert ledger.verdicts_by_set() == {"supports": 1, "rejects": 3}
        assert {plan.key: plan.versions for plan in ledger.plans()} == dict.fromkeys("fg", 1) | dict.fromkeys(
            "ab", 2
        ) | (dict.fromkeys("cde", 3))


def test_a_row_of_the_claims_file_stands_beside_every_version_of_its_set(tmp_path):
    with Ledger(tmp_path) as ledger:
        for key in "ab":
            ledger.put_plan(entry(key), [])
            ledger.claim(2, key, b"course")
        assert [[(claim.claim, claim.sharing) for claim in plan.claims] for plan in ledger.plans()] == [
            [(2, 1)],
            [(2, 1)],
        ]
        assert ledger.shared_courses() == 0
        assert ledger.claimed_rows() == {2}


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    with Ledger(tmp_path), pytest.raises(UsageError, match="no other run"):
        Ledger(tmp_path)


def test_hashes_need_the_key(tmp_path):
    with Ledger(tmp_path / "a") as one, Ledger(tmp_path / "b") as other:
        assert one.hashed("PATIENT-SECRET") == one.hashed("PATIENT-SECRET") != other.hashed("PATIENT-SECRET")
        assert one.hashed("") == b""


def test_paths_do_not_outlive_the_run(tmp_path):
    with Ledger(tmp_path) as ledger:
        path = ledger.hashed("PATIENT-SECRET")
        ledger.note_path(path, "/PATIENT-SECRET/x")
        ledger.put_file(FileRow(path, 1, 2, "image", patient=ledger.hashed("PATIENT-SECRET")))
        assert ledger.members("kind = 'image'", ())[0].text == "/PATIENT-SECRET/x"
    assert all(b"PATIENT-SECRET" not in file.read_bytes() for file in tmp_path.iterdir())
    with Ledger(tmp_path) as ledger:
        assert ledger.members("kind = 'image'", ()) == []


@pytest.mark.parametrize("name", [LEDGER_FILE, KEY_FILE])
def test_nobody_else_may_read_it(tmp_path, name):
    with Ledger(tmp_path):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o077 == 0


def test_a_local_disk_keeps_a_write_ahead_log(tmp_path):
    assert probe_journal(tmp_path) == "wal"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_gets_another_journal(tmp_path, monkeypatch):
    connect = sqlite3.connect

    class NoShared(sqlite3.Connection):
        def execute(self, query, *values):
            if query == "SELECT x FROM probe":
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(query, *values)

    monkeypatch.setattr(module.sqlite3, "connect", lambda *given, **named: connect(*given, factory=NoShared, **named))
    assert probe_journal(tmp_path) == "truncate"
    with Ledger(tmp_path) as ledger:
        assert ledger.journal == "truncate"
        ledger.put_plan(entry(), [])
        assert ledger.counts() == {"refused": 1}


def test_a_folder_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / LEDGER_FILE).mkdir()
    with pytest.raises(UsageError, match="--out"):
        Ledger(tmp_path)
