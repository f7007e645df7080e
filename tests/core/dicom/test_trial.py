from afloc_desktop.core.dicom import trial
from afloc_desktop.core.dicom.decode import Decoded, decode
from afloc_desktop.core.dicom.trial import try_decoders
from afloc_desktop.core.errors import UnreadableFile


def test_every_decoder_gives_what_was_packed():
    trials = try_decoders()
    assert [(each.name, each.error) for each in trials if each.error] == []
    assert len(trials) == 5


def test_a_decoder_that_is_missing_or_wrong_is_named(monkeypatch):
    def broken(header, data):
        if header.syntax.codec == "rle":
            raise UnreadableFile("No such library.", remedy="Install it.")
        if header.syntax.codec == "htj2k":
            return Decoded(decode(header, data).values + 1, "MONOCHROME2")
        return decode(header, data)

    monkeypatch.setattr(trial, "decode_frame", broken)
    faults = {each.name: each.error.reason for each in try_decoders() if each.error}
    assert faults["RLE"] == "No such library."
    assert "other values" in faults["High-Throughput JPEG 2000"]
    assert len(faults) == 2
