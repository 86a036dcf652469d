"""What a header says of the scanner."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from rtcomplexity.dicom.headers import read_header


def equipment(**stated):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = CTImageStorage, "1.2.3", "CT"
    dataset.Rows = dataset.Columns = 2
    for keyword, value in stated.items():
        setattr(dataset, keyword, value)
    return read_header(dataset, Path("one.dcm"), "").image.equipment


def test_a_scanner_is_known_by_maker_model_and_serial_number():
    stated = {"Manufacturer": "Maker", "ManufacturerModelName": "One", "DeviceSerialNumber": "17"}
    assert equipment(**stated) == equipment(**{**stated, "Manufacturer": "MAKER"}) != ""
    assert equipment(**stated) != equipment(**{**stated, "DeviceSerialNumber": "18"})


@pytest.mark.parametrize("serial", [None, "", "0", "00000"])
def test_without_a_serial_number_it_is_not_known(serial):
    assert equipment(Manufacturer="Maker", ManufacturerModelName="One", DeviceSerialNumber=serial) == ""
