import struct

from afloc_training.fitting import tensorboard
from afloc_training.fitting.tensorboard import event_file


def records(data):
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert data[8:12] == tensorboard._checksum(data[:8])
        content = data[12 : 12 + length]
        assert data[12 + length : 16 + length] == tensorboard._checksum(content)
        yield content
        data = data[16 + length :]


def test_the_checksum_is_that_of_the_format():
    # CRC-32C of "123456789" is E3069283 (RFC 3720's polynomial); turned by 15 bits and shifted.
    turned = (0xE3069283 >> 15 | 0xE3069283 << 17) & 0xFFFFFFFF
    expected = (turned + 0xA282EAD8) & 0xFFFFFFFF
    assert tensorboard._checksum(b"123456789") == struct.pack("<I", expected)


def test_a_step_becomes_an_event_with_its_numbers():
    version, event = records(event_file([{"step": 300, "loss": 0.5, "epoch": 2, "note": "x"}]))
    assert version == b"\x1a\x0dbrain.Event:2"
    assert event == (
        b"\x09" + struct.pack("<d", 300.0) + b"\x10\xac\x02"  # 300 = 0b10_0101100
        b"\x2a\x1b"  # a summary of 13 + 14 bytes
        b"\x0a\x0b\x0a\x04loss\x15" + struct.pack("<f", 0.5)
        + b"\x0a\x0c\x0a\x05epoch\x15" + struct.pack("<f", 2.0)
    )  # fmt: skip
