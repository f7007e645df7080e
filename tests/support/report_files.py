"""Reports as files, with words chosen by the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = "\r".join((
    "MSH|^~\\&|RIS|SITE|AFLOC|SITE|20260101||ORU^R01|M-1|P|2.5",
    "PID|1||P-77^^^SITE||Roe^Jane||19600102|F",
    "PV1|1|I|W7^12||||Poe^Paul",
    "OBR|1|PL-1|FI-2|CHEST^Chest|||20260101|||||||||||A-99",
    "OBX|1|TX|18782-3&GDT^Findings||Small effusion \\T\\ atelectasis.~No pneumothorax.",
    "OBX|2|NM|1234-5^Number||5",
    "OBX|3|FT|18783-1&IMP^Impression||Effusion.\\.br\\Stable.",
    "ZDS|1.2.3.4^AFLOC^Application^DICOM",
))  # fmt: skip


def structured_report(path: Path, words: str) -> None:
    """A structured report about the study of `phantom_files.write_film`."""
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", words
    dataset = _object("1.2.840.10008.5.1.4.1.1.88.11", "SR")
    dataset.ContentSequence = [item]
    dataset.save_as(path, enforce_file_format=True)


def encapsulated_document(path: Path, data: bytes, modality: str = "DOC") -> None:
    """A PDF document as an object of the study of `phantom_files.write_film`."""
    dataset = _object("1.2.840.10008.5.1.4.1.1.104.1", modality)
    dataset.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.save_as(path, enforce_file_format=True)


def _object(kind: str, modality: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = kind
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.9"
    dataset.StudyInstanceUID, dataset.Modality = "1.2.3.1", modality
    return dataset


def document(words: str) -> bytes:
    """The smallest PDF that says something."""
    stream = f"BT /F1 12 Tf 72 700 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        data
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    )
