import json
import socket
import subprocess
import sys
from pathlib import Path

import exported
import pydicom
import pytest
from phantom_files import dot_film, write_film
from pynetdicom import AE, AllStoragePresentationContexts, evt

from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import FilmResults, Selection

FOLDER = Path(__file__).resolve().parents[3] / "plugins/dicom_send"
pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.enable_socket]

# pynetdicom lets the socket of a refused connection go without closing it.
refused_socket = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def plugin(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    from afloc_dicom_send import cli, send

    return send, cli


@pytest.fixture
def objects(tmp_path):
    """One exported object of each kind."""
    image = exported.film(tmp_path / "source")
    selection = Selection((FilmResults(image, (exported.statement(image),)),))
    for id_ in ("seg", "sr", "sc", "gsps", "fractional-seg"):
        exporters()[id_].write(selection, tmp_path / "objects")
    return sorted((tmp_path / "objects").iterdir())


@pytest.fixture
def archive():
    """Start a storage SCP that answers as told; gives back its port and what it got."""
    servers = []

    def start(answer=lambda event, count: 0, contexts=None):
        got = {}

        def store(event):
            status = answer(event, len(got))
            if status == 0:
                dataset = event.dataset
                dataset.file_meta = event.file_meta
                got[dataset.SOPInstanceUID] = dataset
            return status

        entity = AE(ae_title="PACS")
        for context in contexts or AllStoragePresentationContexts:
            entity.add_supported_context(
                context.abstract_syntax,
                ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"],
            )
        entity.add_supported_context("1.2.840.10008.1.1")
        server = entity.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)]
        )
        servers.append(server)
        return server.server_address[1], got

    yield start
    for server in servers:
        server.shutdown()


def peer_of(send, port):
    return send.Peer("127.0.0.1", port, "PACS", timeout_s=5.0)


def test_everything_arrives_as_it_was_exported(plugin, objects, archive):
    send, _ = plugin
    port, got = archive()
    reports = send.send(peer_of(send, port), objects)
    assert [r.state for r in reports] == ["stored"] * len(objects) == ["stored"] * 5
    for path in objects:
        meant = pydicom.dcmread(path)
        assert got[meant.SOPInstanceUID] == meant


@refused_socket
def test_an_archive_that_answers_is_there_and_none_is_not(plugin, archive):
    send, _ = plugin
    port, _ = archive()
    assert send.echo(peer_of(send, port))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    assert not send.echo(peer_of(send, closed))


@refused_socket
def test_without_a_connection_every_object_is_reported(plugin, objects):
    send, _ = plugin
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = [path.read_bytes() for path in objects]
    reports = send.send(peer_of(send, port), objects)
    assert {(r.state, "no connection" in r.reason) for r in reports} == {("not sent", True)}
    assert [path.read_bytes() for path in objects] == before


def test_an_object_the_archive_refuses_costs_itself(plugin, objects, archive):
    send, _ = plugin
    port, got = archive(
        lambda event, count: (
            0xA700 if event.file_meta[0x00020002].value == ("1.2.840.10008.5.1.4.1.1.88.33") else 0
        )
    )
    reports = send.send(peer_of(send, port), objects)
    (refused,) = [r for r in reports if r.state == "refused"]
    assert "_sr_" in refused.path.name
    assert "0xA700" in refused.reason
    assert len(got) == 4


def test_a_connection_that_breaks_half_way_says_what_was_not_confirmed(plugin, objects, archive):
    send, _ = plugin

    def answer(event, count):
        if count == 2:
            event.assoc.abort()
        return 0 if count < 2 else 0xA700

    port, got = archive(answer)
    reports = send.send(peer_of(send, port), objects)
    states = [r.state for r in reports]
    assert states == ["stored", "stored", "not sent", "not sent", "not sent"]
    assert {r.sop_instance_uid for r in reports[:2]} == set(got)
    port, again = archive()
    rest = [r.path for r in reports if r.state != "stored"]
    assert {r.state for r in send.send(peer_of(send, port), rest)} == {"stored"}
    assert len(again) == 3


def test_a_kind_the_archive_does_not_take_is_named(plugin, objects, archive):
    send, _ = plugin
    report = "1.2.840.10008.5.1.4.1.1.88.33"
    taken = [c for c in AllStoragePresentationContexts if c.abstract_syntax == report]
    port, got = archive(contexts=taken)
    states = [r.state for r in send.send(peer_of(send, port), objects)]
    assert sorted(states) == ["refused"] * 4 + ["stored"]
    assert len(got) == 1


def test_what_is_no_dicom_is_not_sent(plugin, tmp_path, archive):
    send, _ = plugin
    port, _ = archive()
    (tmp_path / "x").write_bytes(b"nothing")
    film = write_film(tmp_path / "film.dcm", dot_film())
    reports = send.send(peer_of(send, port), [tmp_path / "x", tmp_path / "none", film])
    assert [r.state for r in reports] == ["not sent", "not sent", "stored"]


def test_the_command_reports_each_object(plugin, objects, archive, capsys):
    _, cli = plugin
    port, _ = archive()
    words = ["127.0.0.1", str(port), str(objects[0].parent), "--called", "PACS", "--json"]
    assert cli.main([*words, "--echo"]) == 0
    out = capsys.readouterr()
    assert {entry["state"] for entry in json.loads(out.out)} == {"stored"}
    assert "5 of 5 stored" in out.err
    assert cli.main(["127.0.0.1", str(port), "/nowhere/at/all"]) == 2


def test_the_station_does_not_know_how_to_send():
    code = (
        "import sys, afloc_desktop.cli.localizing, afloc_desktop.state.plugins,"
        "afloc_desktop.core.export.exporter; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert "pynetdicom" not in done.stdout
