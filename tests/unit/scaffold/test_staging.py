from __future__ import annotations

import os
import signal
import stat
import threading

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.staging import check_free, publish, staging

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals or permissions")


def test_the_staging_folder_is_hidden_and_beside_the_project(tmp_path):
    with staging(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".mlo-new-")


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_however_the_work_ends(tmp_path, end):
    def work():
        with staging(tmp_path) as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "file").touch()
            raise end

    with pytest.raises(end):
        work()
    assert list(tmp_path.iterdir()) == []


def test_what_is_write_protected_is_removed_too(tmp_path):
    with staging(tmp_path) as folder:
        (folder / "objects").mkdir()
        (folder / "objects" / "pack").touch(mode=0o400)
        (folder / "objects").chmod(stat.S_IREAD | stat.S_IEXEC)
    assert list(tmp_path.iterdir()) == []


@posix_only
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_work_with_the_exit_code_of_its_number(tmp_path, number, code):
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught, staging(tmp_path):
        os.kill(os.getpid(), number)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is before


@posix_only
def test_a_signal_that_was_ignored_stays_ignored(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with staging(tmp_path) as folder:
            os.kill(os.getpid(), signal.SIGHUP)
            assert folder.is_dir()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_can_stage_too(tmp_path):
    seen = []

    def work():
        with staging(tmp_path) as folder:
            seen.append(folder.is_dir())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    with (
        pytest.raises(ScaffoldError, match=r"no project can be made in '.*missing': No such file"),
        staging(tmp_path / "missing"),
    ):
        pass


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.touch(), "a file"),
        (lambda path: path.symlink_to("nowhere"), "a file"),
    ],
)
def test_a_place_that_is_taken_is_refused(tmp_path, make, kind):
    make(tmp_path / "x")
    with pytest.raises(ScaffoldError) as caught:
        check_free(tmp_path / "x")
    assert str(caught.value) == f"'x' is already here, {kind} (choose another name, or move it away)"


def test_an_empty_folder_that_appeared_in_the_meantime_is_not_replaced(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "x").mkdir()
    with pytest.raises(ScaffoldError, match="'x' is already here"):
        publish(tmp_path / "made", tmp_path / "x")


def test_a_rename_that_fails_says_why(tmp_path):
    with pytest.raises(ScaffoldError, match="'x' cannot be put in its place: No such file or directory"):
        publish(tmp_path / "missing", tmp_path / "x")
