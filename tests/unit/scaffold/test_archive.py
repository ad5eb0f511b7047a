from __future__ import annotations

import stat
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold import archive
from mlflow_tmpl.scaffold.archive import is_zip, unpack


@pytest.fixture
def zipped(tmp_path):
    def make(*entries, name="x.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as opened:
            for entry in entries:
                opened.writestr(entry, b"{}")
        return str(tmp_path / name)

    return make


@pytest.fixture
def served(tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def test_the_only_folder_of_an_archive_is_where_the_template_begins(zipped, tmp_path):
    found = unpack(zipped("x-main/cookiecutter.json", "x-main/other"), tmp_path / "out")
    assert found == tmp_path / "out" / "x-main"


def test_a_template_without_a_folder_around_it_is_found_too(zipped, tmp_path):
    assert unpack(zipped("cookiecutter.json", "folder/file"), tmp_path / "out") == tmp_path / "out"


@pytest.mark.parametrize("entry", ["../evil", "x/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:evil"])
def test_an_entry_that_leads_out_is_refused_and_nothing_is_written(zipped, tmp_path, entry):
    with pytest.raises(ScaffoldError) as caught:
        unpack(zipped("x/cookiecutter.json", entry), tmp_path / "out")
    assert f"has an entry that leads out of it: {entry!r}" in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_symbolic_link_is_refused(zipped, tmp_path):
    with pytest.raises(ScaffoldError, match="has a symbolic link: 'x/link'"):
        unpack(zipped("x/cookiecutter.json", link("x/link")), tmp_path / "out")


def test_a_bomb_is_refused_before_it_is_unpacked(zipped, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 3)
    with pytest.raises(ScaffoldError, match="unpacks to more than 0 MB"):
        unpack(zipped("a", "b"), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.zip").write_text("no zip")
    with pytest.raises(ScaffoldError, match=r"starter '.*x.zip' cannot be unpacked: File is not a zip file"):
        unpack(str(tmp_path / "x.zip"), tmp_path / "out")


def test_a_missing_archive_is_refused(tmp_path):
    with pytest.raises(ScaffoldError, match=r"cannot be unpacked: .*No such file"):
        unpack(str(tmp_path / "x.zip"), tmp_path / "out")


def test_a_damaged_entry_is_refused(zipped, tmp_path):
    path = zipped("x/cookiecutter.json")
    raw = bytearray(Path(path).read_bytes())
    raw[raw.index(b"{}")] ^= 1
    Path(path).write_bytes(raw)
    with pytest.raises(ScaffoldError, match="cannot be unpacked: Bad CRC-32"):
        unpack(path, tmp_path / "out")


def test_an_archive_is_fetched_from_its_address(zipped, tmp_path, served):
    zipped("x-main/cookiecutter.json")
    assert unpack(f"{served}/x.zip?raw=1", tmp_path / "out") == tmp_path / "out" / "x-main"


def test_an_address_that_leads_nowhere_is_refused_without_its_password(tmp_path, served):
    address = served.replace("http://", "http://me:secret@") + "/none.zip"
    with pytest.raises(ScaffoldError) as caught:
        unpack(address, tmp_path / "out")
    assert "cannot be fetched" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_told_from_one_that_cannot_be_reached(tmp_path, served):
    with pytest.raises(ScaffoldError, match=r"none.zip' cannot be fetched: .*File not found"):
        unpack(f"{served}/none.zip", tmp_path / "out")


def test_a_fetched_archive_may_not_be_too_large(zipped, tmp_path, served, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 10)
    zipped("x-main/cookiecutter.json")
    with pytest.raises(ScaffoldError, match="is larger than 0 MB"):
        unpack(f"{served}/x.zip", tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("a.ZIP", True),
        ("https://example.org/a.zip?raw=1#top", True),
        ("https://example.org/a?b=.zip", False),
        ("a.zip?", False),
    ],
)
def test_archives_are_known_by_their_names(source, is_one):
    assert is_zip(source) is is_one
