import pytest
from pydicom.uid import UID

from rtcomplexity.evidence.naming import encodable, keyed_uid, roi_label, without_uids


def test_a_deidentified_name_is_class_and_number():
    assert roi_label("UNRESOLVED", 7) == "UNRESOLVED 7"


def test_a_keyed_uid_is_a_valid_uid():
    assert UID(keyed_uid("1.2.840.99.1.20", "ab" * 32)).is_valid


def test_no_uid_stays_none():
    assert keyed_uid("", "key") == ""


@pytest.mark.parametrize("text", ["older than 1.2.840.99.1.20.", "(1.2.840.99.1.20)", "1.2.840.99.1.20, and more"])
def test_uids_within_text_are_keyed(text):
    assert without_uids(text, "key") == text.replace("1.2.840.99.1.20", keyed_uid("1.2.840.99.1.20", "key"))


@pytest.mark.parametrize("text", ["1.5 of 2.5 mm", "version 1.2.3", "2.5 mm. 3.0 mm."])
def test_numbers_are_no_uids(text):
    assert without_uids(text, "key") == text


def test_lone_surrogates_become_writable():
    assert encodable("a\ud800\u4e2d") == "a\\ud800\u4e2d"


@pytest.mark.parametrize("uid", ["2.25.90331303339746653357658231831449290285", "2.25.1234567", "1.2.840.99.1.20"])
def test_a_uid_made_of_a_uuid_is_one(uid):
    assert without_uids(f"no {uid}.", "key") == f"no {keyed_uid(uid, 'key')}."


def test_a_measured_number_is_no_uid():
    assert without_uids("2.25 mm and 2.25.", "key") == "2.25 mm and 2.25."
