from __future__ import annotations

import os
import signal
import sys
import threading

import psutil
import pytest

from mlflow_tmpl.scaffold.child import run_child


def test_what_a_command_says_on_both_streams_is_kept(tmp_path):
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"
    ended = run_child([sys.executable, "-c", code], cwd=tmp_path, keep=True)
    assert (ended.code, ended.said.split()) == (3, ["out", "err"])


def test_a_command_runs_where_it_is_told_to(tmp_path):
    code = "import os; print(os.path.realpath('.'))"
    assert run_child([sys.executable, "-c", code], cwd=tmp_path, keep=True).said == str(tmp_path.resolve())


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to itself alone")
def test_a_command_does_not_outlive_the_one_that_called_it(tmp_path):
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_child([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path, keep=True)
    assert not [each for each in psutil.Process().children() if "time.sleep(60)" in each.cmdline()]
