import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from mlflow_tmpl.config import Config, environments, open_source, sources
from mlflow_tmpl.config.sources import layer_files, named_source, recorded_source
from mlflow_tmpl.errors import ConfigError

FILES = {
    "base/parameters.yml": "a: 1\nb: 2\n",
    "base/parameters/deep/x.yml": "c: 3\n",
    "prod/parameters.yml": "b: 5\n",
    "base/.hidden/parameters.yml": "a: 9\n",
    "README.md": "text",
}


@pytest.fixture(params=["folder", "zip", "tar", "tgz", "below", "memory", "memory.zip"])
def where(request, tmp_path):
    """The same configuration in every form that it is taken in."""
    top = "conf/" if request.param == "below" else ""
    if request.param == "folder":
        for name, text in FILES.items():
            path = tmp_path / "conf" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / "conf"
    if request.param.startswith("memory"):
        import fsspec

        system = fsspec.filesystem("memory")
        if request.param == "memory.zip":
            system.pipe_file("/conf.zip", _zipped(FILES))
            return "memory://conf.zip"
        for name, text in FILES.items():
            system.pipe_file(f"/conf_{id(request)}/{name}", text.encode())
        return f"memory://conf_{id(request)}"
    path = tmp_path / f"conf.{request.param}"
    if request.param == "zip":
        path.write_bytes(_zipped(FILES))
    else:
        path.write_bytes(_tarred({f"{top}{name}": text for name, text in FILES.items()}, request.param))
    return path


def _zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _tarred(files, kind="tar", link=""):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tgz" else "w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return buffer.getvalue()


def test_configuration_is_the_same_from_wherever_it_comes(where):
    source = open_source(where)
    config = Config(source, environments("prod", {}, source))
    assert config.parameters.plain() == {"a": 1, "b": 5, "c": 3}
    assert str(config.parameters.get("b").origin).endswith("prod/parameters.yml:1:4")
    assert sorted(source.layers())[-2:] == ["base", "prod"]


@pytest.mark.parametrize(
    "name", ["../base/parameters.yml", "/base/parameters.yml", "C:/x.yml", "base/../../x.yml"]
)
@pytest.mark.parametrize("pack", [_zipped, _tarred])
def test_an_archive_cannot_lead_out_of_its_place(tmp_path, name, pack):
    (tmp_path / "c").write_bytes(pack({name: "a: 1"}))
    with pytest.raises(ConfigError, match="leads out of the archive"):
        open_source(tmp_path / "c")


def test_a_link_in_an_archive_is_refused(tmp_path):
    (tmp_path / "c.tar").write_bytes(_tarred(FILES, link="base/catalog.yml"))
    with pytest.raises(ConfigError, match=r"c\.tar: member 'base/catalog\.yml' is a link, not a file"):
        open_source(tmp_path / "c.tar")


def test_a_bomb_is_refused_before_it_is_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_ARCHIVE_BYTES", 50_000_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"base/parameters_{number}.yml", " " * 30_000_000)
    (tmp_path / "c.zip").write_bytes(buffer.getvalue())
    with pytest.raises(ConfigError, match="configuration is larger than 50 MB"):
        open_source(tmp_path / "c.zip")


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"no archive at all", b"PK\x03\x04" + b"x" * 40])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "c.zip").write_bytes(content)
    with pytest.raises(ConfigError, match=r"c\.zip: this is no archive that can be read"):
        open_source(tmp_path / "c.zip")


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="there is no configuration at"):
        open_source(tmp_path / "gone")
    with pytest.raises(ConfigError, match="there is no configuration at this URL"):
        open_source("memory://no/such/folder")
    with pytest.raises(ConfigError, match=r"nosuch://me:\*\*\*@h/x: configuration cannot be fetched"):
        open_source("nosuch://me:hush@h/x")


def test_a_source_is_recorded_from_the_root_and_found_again(tmp_path):
    root = tmp_path / "project"
    for where, name in (
        (root / "conf.zip", "conf.zip"),
        (tmp_path / "elsewhere", str(tmp_path / "elsewhere")),
        ("memory://conf.zip", "memory://conf.zip"),
    ):
        assert named_source(where, root) == name
        assert recorded_source(name, root) == str(where)
    assert recorded_source("", root) is None


def test_a_source_whose_password_was_not_recorded_has_to_be_said_again(tmp_path):
    with pytest.raises(ConfigError) as caught:
        recorded_source("https://me:***@host/conf.zip", tmp_path)
    assert caught.value.hint == "say it again with --conf-source"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "catalog.yml")
    with pytest.raises(ConfigError, match="file is a pipe"):
        layer_files(tmp_path, "catalog")
