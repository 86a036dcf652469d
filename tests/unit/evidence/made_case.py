"""A case with one of everything, made of values alone."""

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import Measurement, MetricTable, RelationMeasurements, RoiMeasurements
from rtcomplexity.model.case import Alternative, Case, EvidenceLevel, ImageLink, ImageRole, ImageSet
from rtcomplexity.model.image import ImageGrid, ImageSeries
from rtcomplexity.model.issue import Issue, Severity
from rtcomplexity.model.plan import Prescription, RtPlan
from rtcomplexity.model.registration import FrameMapping, SpatialRegistration
from rtcomplexity.model.structure_set import ClassDecidedBy, Contours, Roi, StructureSet, TargetClass
from rtcomplexity.units import Unit

SECRETS = ("Doe^Jane", "GTV Doe", "Doe right lung", "1.2.840.99.1", "MRN-1")
HOSTILE = '<script>alert(1)</script>=HYPERLINK("x"){{7*7}}../\x00\u202e\u4e2d\U0001f600\ud800'


def grid(slices=3):
    origins = np.zeros((slices, 3))
    origins[:, 2] = 2.5 * np.arange(slices)
    return ImageGrid(
        slice_origins_mm=origins,
        row_direction=np.array([1.0, 0, 0]),
        column_direction=np.array([0, 1.0, 0]),
        row_spacing_mm=0.9765625,
        column_spacing_mm=1.25,
        rows=5,
        columns=7,
    )


def series(uid, modality="CT", frame="1.2.840.99.1.50", slices=3):
    return ImageSeries(
        series_uid=f"1.2.840.99.1.{uid}",
        study_uid="1.2.840.99.1.1",
        frame_of_reference_uid=frame,
        modality=modality,
        grid=grid(slices),
        sop_instance_uids=tuple(f"1.2.840.99.1.{uid}.{n}" for n in range(slices)),
        patient_key="MRN-1",
        description="Doe^Jane thorax",
        patient_position="HFS",
    )


def rois():
    return (
        Roi(
            number=2,
            name="GTV Doe",
            contours=Contours.empty(),
            generation="MANUAL",
            target_class=TargetClass.GTV,
            class_decided_by=ClassDecidedBy.NAME,
        ),
        Roi(number=4, name="Doe right lung", contours=Contours.empty(), target_class=TargetClass.OAR),
        Roi(number=9, name=HOSTILE, contours=Contours.empty()),
    )


def case(**changes):
    planning, pet, other = series(3), series(4, "PT", "1.2.840.99.1.51", 6), series(5, "MR", "1.2.840.99.1.52")
    values = {
        "plan_id": "ab" * 32,
        "structure_set": StructureSet(
            sop_instance_uid="1.2.840.99.1.20",
            series_uid="1.2.840.99.1.21",
            study_uid="1.2.840.99.1.1",
            patient_key="MRN-1",
            label="Doe^Jane",
            rois=rois(),
        ),
        "chosen_because": "its images are here",
        "alternatives": (Alternative(sop_instance_uid="1.2.840.99.1.30", because="older than 1.2.840.99.1.20"),),
        "planning_image": planning,
        "image_link": ImageLink.STUDY_LEVEL_REFERENCES,
        "image_link_text": "3 of 3 study-level references",
        "image_sets": (
            ImageSet(series=(planning,), role=ImageRole.PLANNING, level=EvidenceLevel.REFERENCED, shown_by="the set"),
            ImageSet(
                series=(pet,), role=ImageRole.SECONDARY, level=EvidenceLevel.REGISTERED, shown_by="a registration"
            ),
            ImageSet(series=(other,), role=ImageRole.SECONDARY, level=EvidenceLevel.PRESENT, shown_by="nothing"),
        ),
        "rt_plan": RtPlan(
            sop_instance_uid="1.2.840.99.1.40",
            fractions_planned=5,
            prescriptions=(Prescription(target_dose_gy=50.0, referenced_roi_number=2),),
            treatment_site="Doe right lung",
        ),
        "registrations": (
            SpatialRegistration(
                sop_instance_uid="1.2.840.99.1.60",
                registered_frame_uid="1.2.840.99.1.50",
                mappings=(
                    FrameMapping(source_frame_uid="1.2.840.99.1.59", registered_from_source=np.eye(4)),
                    FrameMapping(
                        source_frame_uid="1.2.840.99.1.51",
                        registered_from_source=np.eye(4),
                        transformation_type="RIGID",
                    ),
                ),
            ),
        ),
        "issues": (
            Issue(code="b-second", severity=Severity.WARNING, subject="plan", text="series 1.2.840.99.1.5 was left"),
        ),
    }
    return Case(**{**values, **changes})


GROSS = {
    "scored.volume": Measurement.of(20.123456789, Unit.CM3),
    "scored.component_count": Measurement.of(2, Unit.NONE),
    "scored.ct_border_contrast": Measurement.missing("pixels were not read", Unit.HU),
}


def table():
    return MetricTable(
        rois=(
            RoiMeasurements(
                roi_number=2,
                values={"shape.volume": Measurement.of(20.5, Unit.CM3), "contour.count": Measurement.of(21, Unit.NONE)},
            ),
            RoiMeasurements(roi_number=4, values={}, derived_from=2),
        ),
        relations=(RelationMeasurements(a=2, b=4, values={"relation.dice": Measurement.of(-0.0, Unit.NONE)}),),
        gross_target=GROSS,
        gross_target_rois=(2,),
        issues=(Issue(code="a-first", severity=Severity.INFO, subject="roi:2", text="something"),),
    )


DEFINITIONS = (
    MetricDefinition(
        key="shape.volume",
        title="Volume",
        unit=Unit.CM3,
        description="Slab volume.",
        compute=float,
        ibsi_code="RNU0",
        reference="zwanenburg_ibsi_2020",
    ),
    MetricDefinition(key="shape.unused", title="Unused", unit=Unit.NONE, description="Nothing.", compute=float),
)
