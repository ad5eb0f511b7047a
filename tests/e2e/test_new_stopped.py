from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time

import psutil
import pytest

from .scaffolding import ENVIRONMENT, MLO, paths_in

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.fixture
def start(tmp_path):
    started = []

    def call(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*MLO, "new", *arguments],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


def wait_for(holds) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_stopping_in_a_hook_leaves_neither_files_nor_the_hook(
    start, tmp_path, tmp_path_factory, number, code
):
    template = tmp_path_factory.mktemp("template")
    (template / "{{cookiecutter.repo_name}}").mkdir()
    (template / "{{cookiecutter.repo_name}}" / "x").touch()
    (template / "cookiecutter.json").write_text('{"repo_name": "made"}')
    (template / "hooks").mkdir()
    (template / "hooks" / "post_gen_project.py").write_text(
        f"import os, time\nopen({str(template / 'pid')!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(60)\n"
    )
    process = start("mine", "--starter", str(template), "--trust")
    pid = template / "pid"
    wait_for(lambda: pid.exists() and pid.read_text().endswith("."))
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(number)
    assert process.wait(30) == code
    assert list(tmp_path.iterdir()) == []
    assert not psutil.pid_exists(int(pid.read_text()[:-1]))


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_stopping_in_a_download_leaves_nothing(start, tmp_path, number, code):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/never.zip"
        process = start("mine", "--starter", address)
        connection, _ = server.accept()
        with connection:
            process.send_signal(number)
            assert process.wait(30) == code
    assert list(tmp_path.iterdir()) == []


def test_stopping_in_a_clone_leaves_neither_files_nor_git(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"git://127.0.0.1:{server.getsockname()[1]}/never.git"
        process = start("mine", "--starter", address)
        connection, _ = server.accept()
        with connection:
            children = psutil.Process(process.pid).children(recursive=True)
            assert children
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 143
    assert list(tmp_path.iterdir()) == []
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_at_any_moment_a_project_is_whole_or_not_there(start, tmp_path, number):
    start("whole", "--starter", "penguins", "--with", "all").communicate()
    whole = paths_in(tmp_path / "whole")
    moments = random.Random(7)
    for attempt in range(12):
        name = f"try{attempt}"
        process = start(name, "--package", "whole", "--starter", "penguins", "--with", "all")
        time.sleep(moments.uniform(0.1, 0.7))
        process.send_signal(number)
        process.communicate(timeout=30)
        expected = {"whole", name} if (tmp_path / name).exists() else {"whole"}
        assert {path.name for path in tmp_path.iterdir()} - {f"try{n}" for n in range(attempt)} == expected
        if name in expected:
            assert paths_in(tmp_path / name) == whole
