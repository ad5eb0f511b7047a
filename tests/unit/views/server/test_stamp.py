from __future__ import annotations

import os

from mlflow_tmpl.views.server.stamp import stamp_of


def test_it_changes_with_code_and_configuration_and_with_nothing_else(tmp_path):
    (tmp_path / "src" / "__pycache__").mkdir(parents=True)
    code = tmp_path / "src" / "nodes.py"
    code.write_text("a = 1\n")
    places = [tmp_path / "src", tmp_path / "gone"]
    before = stamp_of(places)
    (tmp_path / "src" / "data.csv").write_text("1\n")
    (tmp_path / "src" / "__pycache__" / "nodes.py").write_text("")
    assert stamp_of(places) == before
    code.write_text("a = 2\n")
    os.utime(code, ns=(1, 1))
    assert stamp_of(places) != before


def test_a_new_file_changes_it(tmp_path):
    before = stamp_of([tmp_path])
    (tmp_path / "parameters.yml").write_text("a: 1\n")
    assert stamp_of([tmp_path]) != before
