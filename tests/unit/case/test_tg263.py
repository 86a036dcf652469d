"""Names as TG-263 spells them."""

import pytest

from rtcomplexity.case.target_names import read_name
from rtcomplexity.case.tg263 import LONGEST, tg263_spelling
from rtcomplexity.case.vocabulary import vocabulary
from unit.case.roi_names import names

STANDARD = {
    *("A_Aorta", "Bag_Bowel", "Bladder", "Bone_Mandible", "Bowel_Small", "BrachialPlex_L", "BrachialPlexs", "Brain"),
    *("Brainstem", "Breast_L", "Bronchus", "CaudaEquina", "Cavity_Oral", "Chestwall", "Chestwall_L", "Cochlea_R"),
    *("Esophagus", "External", "Body", "Femur_Head_L", "Glnd_Submand_L", "Glnd_Thyroid", "GreatVes", "Heart"),
    *("Kidney_L", "Kidneys", "Larynx", "Lens_L", "Liver", "Lung_L", "Lungs", "Lungs-GTV", "OpticChiasm", "OpticNrv_R"),
    *("Parotid_L", "Parotids", "Rectum", "SpinalCord", "SpinalCanal", "Spleen", "Stomach", "Trachea"),
}
"""Of the names in TG-263's list, those expected below."""


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("GTV-1", "GTV1"),
        ("gtv_p", "GTVp"),
        ("PTV54", "PTV_5400"),
        ("rx 1: H&N PTV 70 Gy", "PTV_7000"),
        ("iGTV", "IGTV"),
        ("Lung L", "Lung_L"),
        ("Lt Lung", "Lung_L"),
        ("Spinal cord", "SpinalCord"),
        ("GTVp", None),
        ("CTVn1", None),
        ("PTV_High", None),
        ("PTV-03", None),
        ("CTV_5040", None),
        ("Heart", None),
        ("Lungs-GTV", None),
        ("Lungs no GTV", "Lungs-GTV"),
        ("optic nerve rt", "OpticNrv_R"),
        ("OpticNerve_R", "OpticNrv_R"),
        ("Chiasm", "OpticChiasm"),
        ("OPTIC CHIASM", "OpticChiasm"),
        ("Brachial Plexus L", "BrachialPlex_L"),
        ("BrachialPlexus_R", "BrachialPlex_R"),
        ("Oral Cavity", "Cavity_Oral"),
        ("OralCavity", "Cavity_Oral"),
        ("Mandible", "Bone_Mandible"),
        ("Thyroid", "Glnd_Thyroid"),
        ("Submandibular R", "Glnd_Submand_R"),
        ("Femoral Head R", "Femur_Head_R"),
        ("both lungs", "Lungs"),
        ("PTV 50.4 Gy", "PTV_5040"),
        ("GTV_PET", "GTV_PT"),
        ("CTV high", "CTV_High"),
        ("GTV_Mass", None),
        ("PTV lung right lower lobe", None),
        ("PTV Chest Wall 54", None),
        ("Lung L R", None),
        ("Lung 2", None),
        ("PGTV", None),
        ("ring PTV", None),
        ("region_1", None),
    ],
)
def test_tg263_spells_otherwise(name, spelled):
    assert tg263_spelling(name) == spelled
    assert spelled is None or spelled.startswith(("GTV", "IGTV", "CTV", "PTV")) or is_standard(spelled)


def is_standard(name):
    return name in STANDARD or f"{name[:-1]}L" in STANDARD


def test_a_suggestion_is_short_of_the_same_class_and_its_own_spelling():
    suggested = {name: spelled for name, _ in names() if (spelled := tg263_spelling(name)) is not None}
    assert len(suggested) > 100
    for name, spelled in suggested.items():
        assert len(spelled) <= LONGEST
        assert (name, read_name(spelled).target_class) == (name, read_name(name).target_class)
        assert tg263_spelling(spelled) is None


def test_every_name_of_an_organ_fits_and_is_its_own_spelling():
    for term in vocabulary().terms.values():
        if term.organ is not None and term.organ.name:
            longest = f"{term.organ.name}_L" if term.organ.is_sided else term.organ.name
            assert len(longest) <= LONGEST
            assert tg263_spelling(longest) is None
