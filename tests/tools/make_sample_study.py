"""Make the sample study: three films of NIH ChestX-ray14 as DX objects that claim nothing untrue.

    python tests/tools/make_sample_study.py --data ../shared/data --output resources/sample

The films are of the development split: the default model never saw them. What the pictures do
not tell (pixel spacing, dates, exposure, the detector) is absent rather than invented, although
the DX object asks for some of it.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import PIL.Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
FILMS = {
    "00000845_000": "cardiomegaly.dcm",
    "00015090_006": "effusion.dcm",
    "00001699_000": "no-finding.dcm",
}
CREDIT = (
    "NIH ChestX-ray14, NIH Clinical Center, no restrictions on use; please cite Wang et al., "
    "ChestX-ray8, CVPR 2017."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    chosen = parser.parse_args()
    table = chosen.data / "cxr" / "nih.csv"
    with table.open(newline="", encoding="utf-8") as stream:
        rows = {Path(row["image"]).stem: row for row in csv.DictReader(stream)}
    for name, target in FILMS.items():
        row = rows[name]
        if row["split"] != "dev":
            raise SystemExit(f"{name} is no film of the development split")
        with PIL.Image.open(chosen.data / "cxr" / "images" / row["image"]) as picture:
            pixels = np.asarray(picture.convert("L"))
        film(name, row, pixels).save_as(chosen.output / target, enforce_file_format=True)


def film(name: str, row: dict[str, str], pixels: np.ndarray) -> Dataset:
    """One DX object; the same picture always gives the same bytes."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = DX_FOR_PRESENTATION
    ds.SOPClassUID = DX_FOR_PRESENTATION
    for index, keyword in enumerate(("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
        setattr(ds, keyword, generate_uid(entropy_srcs=["AFLoc sample study", name, str(index)]))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    describe(ds, name, row)
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"
    ds.WindowCenter, ds.WindowWidth = 128, 256
    ds.PresentationLUTShape = "IDENTITY"
    ds.PixelData = pixels.tobytes()
    return ds


def describe(ds: Dataset, name: str, row: dict[str, str]) -> None:
    patient = name.split("_")[0]
    ds.PatientName = f"NIH^{patient}"
    ds.PatientID = f"NIH-{patient}"
    ds.PatientSex = row["sex"]
    ds.PatientAge = f"{int(row['age']):03d}Y"
    ds.PatientBirthDate = ""
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "As published by the NIH Clinical Center"
    ds.StudyDate = ds.StudyTime = ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.StudyID = ""
    ds.StudyDescription = f"Sample study: {row['labels'].replace(';', ', ')}"
    ds.SeriesDescription = f"Chest {row['view']}"
    ds.SeriesNumber, ds.InstanceNumber = 1, 1
    ds.Modality = "DX"
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.Manufacturer = ""
    ds.BodyPartExamined = "CHEST"
    ds.ViewPosition = row["view"]
    ds.PatientOrientation = ["L", "F"]
    ds.ImageLaterality = "U"
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.DerivationDescription = "From an 8-bit JPEG of the public data set, 1024 to 512 pixels"
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    ds.BurnedInAnnotation = "NO"
    ds.ImageComments = CREDIT


if __name__ == "__main__":
    main()
