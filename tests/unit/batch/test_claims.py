"""The claims file: strict about its columns, silent about its contents."""

import pytest

from rtcomplexity.batch.claims import claims_of, course_key, read_claims
from rtcomplexity.batch.ledger import Ledger
from rtcomplexity.errors import UsageError


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "out") as opened:
        yield opened


def load(tmp_path, ledger, text, encoding="utf-8"):
    path = tmp_path / "claims.csv"
    path.write_bytes(text.encode(encoding))
    return claims_of(read_claims(path), ledger)


def test_reads_rows_by_structure_set(tmp_path, ledger):
    text = "\ufeffcourse,structure_set_uid,fractions,site\r\nA,1.2,5,not-thoracic\r\nB,1.2,,\r\n"
    claims = load(tmp_path, ledger, text)
    first, second = claims.of(ledger.hashed("1.2"))
    assert (first.number, first.course, first.fractions, first.site) == (2, "A", 5, "not-thoracic")
    assert (second.number, second.fractions, second.site) == (3, None, None)
    assert claims.of(ledger.hashed("1.3")) == ()
    assert claims.numbers == (2, 3)
    assert claims_of([], ledger).of(b"") == ()


def test_a_row_shows_no_identifier_when_printed(tmp_path, ledger):
    (row,) = load(tmp_path, ledger, "structure_set_uid,course\n1.2.3,SECRET\n").of(ledger.hashed("1.2.3"))
    assert "SECRET" not in repr(row)
    assert "1.2.3" not in repr(row)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("structure_set_uid\n1.2\n", "without the column course"),
        ("structure_set_uid,course,PatientName\n1.2,1,x\n", "unknown column PatientName"),
        ("structure_set_uid,course\n1.2,\n", "row 2"),
        ("structure_set_uid,course\n1.2,1\n,1\n", "row 3"),
        ("structure_set_uid,course,site\n1.2,1,SECRET\n", "row 2"),
        ("structure_set_uid,course,fractions\n1.2,1,0\n", "row 2"),
        ("structure_set_uid,course,fractions\n1.2,1,SECRET\n", "row 2"),
        ("", "an empty file"),
        ("1.2.3;SECRET\n", "names none of the columns"),
        ("structure_set_uid;course\n1.2;1\n", "whose columns no comma separates"),
        ("structure_set_uid\tcourse\n1.2\t1\n", "whose columns no comma separates"),
        ("structure_set_uid,course,course\n1.2,1,2\n", "twice course"),
    ],
)
def test_says_what_is_wrong_and_where_but_not_what_rows_hold(tmp_path, ledger, text, told):
    with pytest.raises(UsageError, match=told) as error:
        load(tmp_path, ledger, text)
    assert "SECRET" not in str(error.value)


def test_what_is_no_text_is_refused(tmp_path, ledger):
    with pytest.raises(UsageError, match="UTF-8"):
        load(tmp_path, ledger, "structure_set_uid,course\n1.2,ä\n", encoding="latin-1")
    with pytest.raises(UsageError, match="no such file"):
        read_claims(tmp_path / "none")


@pytest.mark.parametrize("spelled", ["c 1", "C1\u200b", "\uff231", "c\u00a01", "C1\u00ad"])
def test_a_course_is_one_however_it_looks_the_same(ledger, spelled):
    assert course_key(ledger, b"p", spelled) == course_key(ledger, b"p", "C1") != course_key(ledger, b"p", "C1.1")


def test_a_course_is_one_whatever_its_case(ledger):
    assert course_key(ledger, b"p", "C1") == course_key(ledger, b"p", "c1") != course_key(ledger, b"q", "c1")
