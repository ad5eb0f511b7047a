from __future__ import annotations

import pytest

import mlflow_tmpl
from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.scaffold import shelf


def test_templates_are_found_in_the_package_before_the_checkout(tmp_path, monkeypatch):
    package = tmp_path / "mlflow_tmpl"
    (tmp_path / "templates").mkdir()
    package.mkdir()
    monkeypatch.setattr(mlflow_tmpl, "__file__", str(package / "__init__.py"))
    assert shelf.templates_folder() == tmp_path / "templates"
    (package / "templates").mkdir()
    assert shelf.templates_folder() == package / "templates"


def test_the_shelf_holds_what_its_tables_say():
    starters = {path.name for path in (shelf.templates_folder() / "starters").iterdir()}
    add_ons = {path.name for path in (shelf.templates_folder() / "add-ons").iterdir()}
    assert (starters, add_ons) == (set(shelf.STARTERS), set(shelf.ADD_ONS))


def test_everything_has_a_summary_of_one_line():
    for rows in shelf.listing().values():
        for _, summary in rows:
            assert summary
            assert "\n" not in summary


def test_data_that_git_is_to_keep_is_there():
    for name in shelf.STARTERS:
        folder = shelf.starter_folder(name)
        kept = shelf.about(folder).committed_data
        assert kept
        assert all((folder / "{{cookiecutter.repo_name}}" / path).is_file() for path in kept)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ((), ()),
        (("none",), ()),
        (("ci", "lint", "ci"), ("lint", "ci")),
        (("all",), shelf.ADD_ONS),
        (("all", "docs"), shelf.ADD_ONS),
    ],
)
def test_add_ons_are_taken_in_their_usual_order(given, taken):
    assert shelf.check_add_ons(given) == taken


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("test",), "there is no add-on 'test' (did you mean 'tests'?)"),
        (
            ("xyz",),
            "there is no add-on 'xyz' (there are lint, tests, docs, docker, ci, notebook, and 'all' and 'none')",
        ),
        (
            ("none", "lint"),
            "add-on 'none' stands beside others (leave it out, or leave out the rest)",
        ),
    ],
)
def test_an_add_on_that_there_is_not_is_refused(given, said):
    with pytest.raises(UsageError) as caught:
        shelf.check_add_ons(given)
    assert str(caught.value) == said
