"""What a run keeps of what it saves; whatever goes wrong with that, the run goes on."""

from __future__ import annotations

import os
import sys

import pytest

from mlflow_tmpl import Node, Pipeline, open_project


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.mlo]\npackage = "kept"\n')
    for folder in ("conf/base", "src/kept/nodes"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "conf/base/catalog.yml").write_text("raw: raw.json\nout: out.json\n")
    (tmp_path / "raw.json").write_text("[1]")
    project = open_project(tmp_path)
    project.__dict__["pipelines"] = {
        "__default__": Pipeline([Node(len, {"obj": "raw"}, "out", name="count")])
    }
    return project


def kept(project):
    return {digest for digest, _, _ in project.shelf.store.objects()}


def test_outputs_are_kept_when_the_run_ends(project):
    project.run()
    assert project.catalog.dataset("out").fingerprint() in kept(project)


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid"), reason="rights as POSIX has them")
def test_a_store_that_cannot_be_written_fails_no_run(project):
    (project.root / ".mlo").mkdir()
    (project.root / ".mlo/store").write_text("in the way")
    result = project.run()
    assert result.status == "done"
    assert [note for note in result.notes if "is not kept in the store" in note]
    assert len(result.notes) == 1
    assert project.catalog.load("out") == 1


def test_what_lies_there_is_kept_before_it_is_replaced(project):
    (project.root / "out.json").write_text("[5]")
    fingerprint = project.catalog.dataset("out").fingerprint()
    result = project.run()
    assert fingerprint in kept(project)
    assert any(fingerprint[:12] in note for note in result.notes)
    assert fingerprint in {version.fingerprint for version in project.ledger.versions("out")}
