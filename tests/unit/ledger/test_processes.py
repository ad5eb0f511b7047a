from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from mlflow_tmpl.ledger.processes import Life, Process, this_process


def test_this_process_runs() -> None:
    assert this_process().life() is Life.RUNNING


def test_a_process_that_has_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    told = replace(this_process(), pid=child.pid, birth=this_process().birth.rpartition("/")[0] + "/")
    assert told.life() is Life.RUNNING
    child.communicate()
    assert told.life() is Life.GONE


@pytest.mark.skipif(sys.platform == "win32", reason="no zombies there")
def test_a_process_that_nobody_has_collected_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    told = replace(this_process(), pid=child.pid, birth=this_process().birth.rpartition("/")[0] + "/")
    deadline = time.monotonic() + 20
    while told.life() is Life.RUNNING and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told.life() is Life.GONE
    child.wait()


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    where = this_process().birth.rpartition("/")[0]
    assert replace(this_process(), birth=f"{where}/1").life() is Life.GONE


def test_what_ran_in_another_container_or_boot_cannot_be_seen() -> None:
    assert replace(this_process(), birth="other-boot:pid:[1]/1").life() is Life.UNSEEN


def test_a_machine_that_was_renamed_is_still_the_same_one() -> None:
    if not os.path.exists("/proc/sys/kernel/random/boot_id"):
        pytest.skip("the system tells no boot")
    assert replace(this_process(), host="renamed").life() is Life.RUNNING


@pytest.mark.parametrize(("host", "life"), [(this_process().host, Life.RUNNING), ("elsewhere", Life.UNSEEN)])
def test_of_an_old_record_only_host_and_number_are_known(host: str, life: Life) -> None:
    assert Process(host, os.getpid(), "").life() is life
