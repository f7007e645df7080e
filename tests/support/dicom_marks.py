"""Marks on a film as another maker's library writes them: a segmentation and a report."""

import highdicom as hd
import numpy as np
from pydicom.sr.codedict import codes

MODEL = "AFLoc Desktop"


def algorithm():
    return hd.AlgorithmIdentificationSequence(
        name="tiny", family=codes.DCM.ArtificialIntelligence, version="1"
    )


def segmentation(film, masks, **changes):
    """A binary segmentation of `film` with one segment a mask."""
    kinds = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.PleuralEffusion,
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm(),
        )
        for number, label in enumerate(masks, 1)
    ]
    stack = np.stack(list(masks.values()), axis=-1)[None]
    made = {
        "source_images": [film],
        "pixel_array": stack.astype(np.uint8),
        "segmentation_type": "BINARY",
        "segment_descriptions": kinds,
        "series_instance_uid": "1.2.3.7",
        "series_number": 7,
        "sop_instance_uid": "1.2.3.7.1",
        "instance_number": 1,
        "manufacturer": "Somebody",
        "manufacturer_model_name": MODEL,
        "software_versions": "1",
        "device_serial_number": "1",
    }
    return hd.seg.Segmentation(**{**made, **changes})


def report(film, outlines):
    """A TID 1500 report with one planar region an outline."""
    groups = [_group(film, label, points) for label, points in outlines.items()]
    device = hd.sr.DeviceObserverIdentifyingAttributes(uid="1.2.3.9", name=MODEL)
    context = hd.sr.ObservationContext(
        observer_device_context=hd.sr.ObserverContext(codes.DCM.Device, device)
    )
    content = hd.sr.MeasurementReport(
        observation_context=context,
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=groups,
    )
    made = hd.sr.ComprehensiveSR(
        evidence=[film],
        content=content,
        series_instance_uid="1.2.3.8",
        series_number=8,
        sop_instance_uid="1.2.3.8.1",
        instance_number=1,
        manufacturer="Somebody",
        is_complete=True,
        is_verified=False,
    )
    made.ManufacturerModelName = MODEL
    return made


def _group(film, label, points):
    source = hd.sr.SourceImageForRegion(film.SOPClassUID, film.SOPInstanceUID)
    region = hd.sr.ImageRegion("POLYLINE", np.asarray(points, float), source_image=source)
    area = hd.sr.Measurement(name=codes.SCT.Area, value=12.5, unit=codes.UCUM.SquareMillimeter)
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid="1.2.3.10", identifier=label),
        referenced_region=region,
        finding_type=codes.SCT.PleuralEffusion,
        measurements=[area],
    )
