"""What registration objects say, read as values; every matrix that cannot be used is left out with an issue."""

from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmwrite
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from rtcomplexity.dicom.parsing import parse
from rtcomplexity.dicom.registration import (
    ImageHome,
    read_frame_relationships,
    read_registration,
)
from rtcomplexity.dicom.sop_classes import DEFORMABLE_REGISTRATION, SPATIAL_REGISTRATION
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.model.issue import Severity

REGISTERED, SOURCE = "1.2.1", "1.2.2"


def translation(x_mm, y_mm, z_mm):
    matrix = np.eye(4)
    matrix[:3, 3] = x_mm, y_mm, z_mm
    return matrix


def rotation_about_z(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:2, :2] = [[c, -s], [s, c]]
    return matrix


def matrix_item(matrix, kind="RIGID"):
    item = Dataset()
    item.FrameOfReferenceTransformationMatrix = [float(f"{value:.10g}") for value in np.ravel(matrix)]
    item.FrameOfReferenceTransformationMatrixType = kind
    return item


def registration(*items, registered_uid=REGISTERED):
    dataset = Dataset()
    dataset.SOPClassUID = SPATIAL_REGISTRATION
    dataset.SOPInstanceUID = "1.2.9"
    dataset.FrameOfReferenceUID = registered_uid
    dataset.RegistrationSequence = list(items)
    return dataset


def registration_item(source_uid, *matrix_items):
    item = Dataset()
    item.FrameOfReferenceUID = source_uid
    matrices = Dataset()
    matrices.MatrixSequence = list(matrix_items)
    item.MatrixRegistrationSequence = [matrices]
    return item


def deformable_registration(vectors_mm, *, origin=(0, 0, 0), resolution=(2, 3, 4), pre=None, post=None):
    dataset = Dataset()
    dataset.SOPClassUID = DEFORMABLE_REGISTRATION
    dataset.FrameOfReferenceUID = REGISTERED
    item = Dataset()
    item.SourceFrameOfReferenceUID = SOURCE
    if pre is not None:
        item.PreDeformationMatrixRegistrationSequence = [matrix_item(pre)]
    if post is not None:
        item.PostDeformationMatrixRegistrationSequence = [matrix_item(post)]
    grid = Dataset()
    grid.ImagePositionPatient = list(origin)
    grid.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    grid.GridDimensions = list(np.shape(vectors_mm)[2::-1])
    grid.GridResolution = list(resolution)
    grid.VectorGridData = np.asarray(vectors_mm, dtype="<f4").tobytes()
    item.DeformableRegistrationGridSequence = [grid]
    dataset.DeformableRegistrationSequence = [item]
    return dataset


def as_written(dataset, syntax, vectors_mm):
    """The dataset as it is read from a file of that transfer syntax, its vectors in that syntax's byte order."""
    order = ">f4" if syntax == ExplicitVRBigEndian else "<f4"
    grid = dataset.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]
    grid.VectorGridData = np.asarray(vectors_mm, dtype=order).tobytes()
    dataset.SOPInstanceUID = "1.2.9"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return parse(stream.getvalue())


def codes(issues):
    return [issue.code for issue in issues]


def test_a_source_frame_maps_into_the_registered_frame():
    value, issues = read_registration(registration(registration_item(SOURCE, matrix_item(translation(1, 2, 3)))), "abc")
    assert value.registered_frame_uid == REGISTERED
    assert value.file_sha256 == "abc"
    np.testing.assert_allclose(value.mappings[0].registered_from_source @ [0, 0, 0, 1], [1, 2, 3, 1])
    assert issues == ()


def test_the_matrices_of_one_item_multiply_in_their_order():
    first, second = rotation_about_z(90), translation(10, 0, 0)
    value, _ = read_registration(registration(registration_item(SOURCE, matrix_item(first), matrix_item(second))), "")
    np.testing.assert_allclose(value.mappings[0].registered_from_source, first @ second, atol=1e-9)
    assert not np.allclose(first @ second, second @ first)


def test_the_identity_of_the_registered_frame_is_no_mapping_of_its_own():
    value, issues = read_registration(
        registration(
            registration_item(REGISTERED, matrix_item(np.eye(4))), registration_item(SOURCE, matrix_item(np.eye(4)))
        ),
        "",
    )
    assert [mapping.source_frame_uid for mapping in value.mappings] == [SOURCE]
    assert issues == ()


def test_a_frame_moved_within_itself_is_not_used():
    value, issues = read_registration(
        registration(registration_item(REGISTERED, matrix_item(translation(1, 0, 0)))), ""
    )
    assert value.mappings == ()
    assert codes(issues) == ["registration-within-one-frame", "registration-empty"]


def naming(source_uid, image_uids, matrix):
    item = registration_item(source_uid, matrix_item(matrix))
    if not source_uid:
        del item.FrameOfReferenceUID
    images = [Dataset() for _ in image_uids]
    for image, uid in zip(images, image_uids, strict=True):
        image.ReferencedSOPInstanceUID = uid
    item.ReferencedImageSequence = images
    return item


def homes(frame, series, *uids):
    return {uid: ImageHome(frame_of_reference_uid=frame, series_uid=series) for uid in uids}


def test_an_item_that_names_images_alone_maps_the_frame_that_they_lie_in():
    moved = translation(10, -6, 9)
    here = homes(SOURCE, "1.7", "1.7.1", "1.7.2")
    found, issues = read_registration(registration(naming("", ["1.7.1", "1.7.2"], moved)), "", here)
    (mapping,) = found.mappings
    assert (mapping.source_frame_uid, mapping.source_series_uid) == (SOURCE, "")
    np.testing.assert_array_equal(mapping.registered_from_source, moved)
    assert codes(issues) == []


@pytest.mark.parametrize(
    "here", [{}, homes(SOURCE, "1.7", "1.7.1") | homes("1.2.3", "1.8", "1.7.2")], ids=["none here", "two frames"]
)
def test_an_item_whose_images_have_no_one_frame_is_left_out_and_says_so(here):
    found, issues = read_registration(registration(naming("", ["1.7.1", "1.7.2"], translation(1, 2, 3))), "", here)
    assert found.mappings == ()
    assert "registration-images-without-frame" in codes(issues)


def test_a_registration_within_one_frame_moves_the_one_series_that_it_names():
    here = homes(REGISTERED, "1.7", "1.7.1", "1.7.2")
    found, issues = read_registration(registration(naming(REGISTERED, ["1.7.1"], translation(4, 0, 0))), "", here)
    (mapping,) = found.mappings
    assert (mapping.source_frame_uid, mapping.source_series_uid) == (REGISTERED, "1.7")
    assert codes(issues) == ["registration-within-one-frame"]


def test_the_date_of_a_registration_is_read():
    dataset = registration(registration_item(SOURCE, matrix_item(translation(1, 2, 3))))
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = "20240101", "080000"
    assert read_registration(dataset, "")[0].written_at == "20240101080000"
    dataset.ContentDate, dataset.ContentTime = "20240105", "110000"
    assert read_registration(dataset, "")[0].written_at == "20240105110000"


@pytest.mark.parametrize(
    ("matrix", "code"),
    [
        (np.diag([1, 1, 0, 1]), "registration-singular"),
        (np.diag([1, 1, -1, 1]), "registration-mirrored"),
        (np.diag([1, 1, np.nan, 1]), "registration-matrix-unusable"),
        (np.diag([1, 1, 1, 0]), "registration-matrix-unusable"),
        (np.eye(3), "registration-matrix-unusable"),
    ],
)
def test_a_matrix_that_cannot_be_used_is_left_out_with_an_error(matrix, code):
    value, issues = read_registration(registration(registration_item(SOURCE, matrix_item(matrix))), "")
    assert value.mappings == ()
    assert issues[0].code == code
    assert issues[0].severity is Severity.ERROR


@pytest.mark.parametrize(("kind", "severity"), [("RIGID", Severity.WARNING), ("RIGID_SCALE", Severity.INFO)])
def test_a_scaled_matrix_is_used_with_an_issue_that_weighs_what_it_says_of_itself(kind, severity):
    value, issues = read_registration(
        registration(registration_item(SOURCE, matrix_item(np.diag([1.1, 1.1, 1.1, 1]), kind))), ""
    )
    assert len(value.mappings) == 1
    assert [(issue.code, issue.severity) for issue in issues] == [("registration-not-rigid", severity)]


def test_a_matrix_that_is_not_quite_orthonormal_is_tolerated_and_recorded():
    matrix = rotation_about_z(30)
    matrix[0, 0] += 2e-5
    value, issues = read_registration(registration(registration_item(SOURCE, matrix_item(matrix))), "")
    assert len(value.mappings) == 1
    assert codes(issues) == ["registration-not-quite-orthonormal"]


def test_decimal_strings_of_sixteen_characters_raise_no_issue():
    _, issues = read_registration(registration(registration_item(SOURCE, matrix_item(rotation_about_z(17)))), "")
    assert issues == ()


def test_two_items_that_disagree_keep_the_first_and_say_so():
    value, issues = read_registration(
        registration(
            registration_item(SOURCE, matrix_item(translation(1, 0, 0))),
            registration_item(SOURCE, matrix_item(translation(1, 0, 0))),
            registration_item(SOURCE, matrix_item(translation(2, 0, 0))),
        ),
        "",
    )
    assert value.mappings[0].registered_from_source[0, 3] == 1
    assert codes(issues) == ["registration-contradicts-itself"]


def test_an_item_without_its_source_frame_is_left_out():
    value, issues = read_registration(registration(registration_item("", matrix_item(np.eye(4)))), "")
    assert value.mappings == ()
    assert "registration-without-source" in codes(issues)


def test_a_deformable_registration_keeps_its_own_direction():
    vectors = np.zeros((2, 3, 4, 3))
    vectors[1, 2, 3] = 5, 6, 7
    value, issues = read_registration(deformable_registration(vectors, origin=(10, 20, 30)), "")
    assert value.is_deformable
    assert value.mappings == ()
    field = value.deformations[0]
    assert field.source_frame_uid == SOURCE
    np.testing.assert_allclose(field.grid_from_point @ [10 + 2 * 3, 20 + 3 * 2, 30 + 4 * 1, 1], [3, 2, 1, 1])
    np.testing.assert_array_equal(field.vectors_mm[1, 2, 3], [5, 6, 7])
    assert issues == ()


def test_undefined_vectors_are_counted():
    vectors = np.zeros((2, 2, 2, 3))
    vectors[0, 0, 0] = np.nan
    _, issues = read_registration(deformable_registration(vectors), "")
    assert codes(issues) == ["registration-undefined-vectors"]
    assert "12.5%" in issues[0].text


def test_a_grid_whose_bytes_do_not_fit_is_left_out():
    dataset = deformable_registration(np.zeros((2, 2, 2, 3)))
    dataset.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0].GridDimensions = [2, 2, 3]
    value, issues = read_registration(dataset, "")
    assert value.deformations == ()
    assert codes(issues) == ["registration-grid-unusable", "registration-empty"]


def test_a_singular_pre_matrix_leaves_the_field_out():
    value, issues = read_registration(deformable_registration(np.zeros((2, 2, 2, 3)), pre=np.diag([1, 0, 1, 1])), "")
    assert value.deformations == ()
    assert "registration-singular" in codes(issues)


def test_the_retired_relationship_maps_the_related_frame_into_the_frame_that_holds_it():
    relationship = Dataset()
    relationship.RelatedFrameOfReferenceUID = SOURCE
    relationship.FrameOfReferenceTransformationMatrix = list(translation(0, 0, 9).ravel())
    frame = Dataset()
    frame.FrameOfReferenceUID = REGISTERED
    frame.FrameOfReferenceRelationshipSequence = [relationship]
    structure_set = Dataset()
    structure_set.ReferencedFrameOfReferenceSequence = [frame]
    (value,), issues = read_frame_relationships(structure_set, "")
    assert value.registered_frame_uid == REGISTERED
    assert value.mappings[0].source_frame_uid == SOURCE
    assert value.mappings[0].registered_from_source[2, 3] == 9
    assert issues == ()


def test_something_else_is_refused():
    with pytest.raises(UnreadableFileError, match="no spatial registration"):
        read_registration(Dataset(), "")


def test_a_registration_without_its_registered_frame_is_refused():
    with pytest.raises(UnreadableFileError, match="0020,0052"):
        read_registration(registration(registered_uid=""), "")


def test_a_sequence_that_cannot_be_parsed_is_refused():
    dataset = registration()
    level = b"\x54\x00\x16\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    broken = level[12:] + level * 3000
    tag = Tag(0x00700308)
    dataset._dict[tag] = RawDataElement(tag, "SQ", len(broken), broken, 0, False, True)
    with pytest.raises(UnreadableFileError, match="A registration is broken"):
        read_registration(dataset, "")


def test_a_matrix_that_is_text_is_left_out():
    item = matrix_item(np.eye(4))
    tag = Tag(0x300600C6)
    item._dict[tag] = RawDataElement(tag, "DS", 3, b"a\\b", 0, False, True)
    value, issues = read_registration(registration(registration_item(SOURCE, item)), "")
    assert value.mappings == ()
    assert codes(issues) == ["registration-matrix-unusable", "registration-empty"]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_vectors_are_read_in_the_byte_order_of_their_file(syntax):
    vectors_mm = np.random.default_rng(1).normal(0, 5, (2, 3, 4, 3)).astype(np.float32)
    value, issues = read_registration(as_written(deformable_registration(vectors_mm), syntax, vectors_mm), "")
    np.testing.assert_array_equal(value.deformations[0].vectors_mm, vectors_mm)
    assert issues == ()


def test_of_two_grids_for_one_frame_the_first_is_used_and_that_is_said():
    dataset = deformable_registration(np.ones((2, 2, 2, 3)))
    other = deformable_registration(np.zeros((2, 2, 2, 3)))
    dataset.DeformableRegistrationSequence.append(other.DeformableRegistrationSequence[0])
    value, issues = read_registration(dataset, "")
    assert [float(field.vectors_mm.max()) for field in value.deformations] == [1.0]
    assert [(issue.code, issue.severity) for issue in issues] == [("registration-contradicts-itself", Severity.ERROR)]
