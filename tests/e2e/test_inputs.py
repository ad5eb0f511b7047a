"""Inputs of every kind and outputs in other hands: whatever differs is noticed, and told by what differs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .incremental import Lab

PYTHON = """
from mlflow_tmpl import node


@node(outputs="counted")
def count(raw):
    return {"rows": len(raw), "sum": int(raw["a"].sum())}


@node(outputs="told")
def tell(counted):
    return str(counted)
"""
CATALOG = """
raw: data/raw.csv
counted: out/counted.json
told: out/told.txt
"""
ROWS = "a,b\n1,x\n2,y\n"


@pytest.fixture
def table(lab: Lab) -> Lab:
    """A project that counts a table, has run, and whose files have settled."""
    lab.write(
        {
            "conf/base/catalog.yml": CATALOG,
            "data/raw.csv": ROWS,
            "src/proj/__init__.py": "",
            "src/proj/nodes/__init__.py": "",
            "src/proj/nodes/flow.py": PYTHON,
        }
    )
    time.sleep(0.1)
    lab.run()
    assert lab.rerun() == set()
    return lab


def test_a_changed_table_is_told_by_its_rows(table: Lab) -> None:
    table.write({"data/raw.csv": f"{ROWS}3,z\n"})
    ran = table.run()
    assert ran.done == {"count", "tell"}
    assert ran.reasons("count") == ["input raw changed: 2 -> 3 rows"]


def test_a_table_of_as_many_rows_is_told_by_its_bytes(table: Lab) -> None:
    table.write({"data/raw.csv": "a,b\n10,x\n2,y\n"})
    assert table.run().reasons("count") == ["input raw changed: 12 -> 13 bytes"]


def test_a_table_of_the_same_size_has_changed_nevertheless(table: Lab) -> None:
    table.write({"data/raw.csv": "a,b\n1,x\n3,y\n"})
    assert table.run().reasons("count") == ["input raw changed"]


def touched(lab: Lab) -> None:
    os.utime(lab.root / "data/raw.csv", (1, 1))


def rewritten(lab: Lab) -> None:
    lab.write({"data/raw.csv": ROWS})


def copied_over(lab: Lab) -> None:
    shutil.copy2(lab.root / "data/raw.csv", lab.root / "copy")
    (lab.root / "copy").replace(lab.root / "data/raw.csv")


def linked(lab: Lab) -> None:
    (lab.root / "data/raw.csv").rename(lab.root / "there.csv")
    (lab.root / "data/raw.csv").symlink_to(lab.root / "there.csv")


def linked_folder(lab: Lab) -> None:
    (lab.root / "data").rename(lab.root / "elsewhere")
    (lab.root / "data").symlink_to(lab.root / "elsewhere")


@pytest.mark.parametrize("change", [touched, rewritten, copied_over, linked, linked_folder])
def test_the_same_content_wakes_nobody(table: Lab, change: Callable[[Lab], None]) -> None:
    change(table)
    assert table.rerun() == set()


OTHER = ROWS.replace("2", "7")


def times_put_back(lab: Lab) -> None:
    """As ``touch -d``, ``rsync -t`` and ``cp -p`` leave them: same size, same time, other content."""
    before = (lab.root / "data/raw.csv").stat()
    lab.write({"data/raw.csv": OTHER})
    os.utime(lab.root / "data/raw.csv", ns=(before.st_atime_ns, before.st_mtime_ns))


def copied_with_its_time(lab: Lab) -> None:
    before = (lab.root / "data/raw.csv").stat()
    lab.write({"other.csv": OTHER})
    os.utime(lab.root / "other.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    subprocess.run(["cp", "-p", "other.csv", "data/raw.csv"], cwd=lab.root, check=True)


def moved_over_with_its_time(lab: Lab) -> None:
    before = (lab.root / "data/raw.csv").stat()
    lab.write({"other.csv": OTHER})
    os.utime(lab.root / "other.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    (lab.root / "other.csv").replace(lab.root / "data/raw.csv")


def from_the_future(lab: Lab) -> None:
    lab.write({"data/raw.csv": OTHER})
    os.utime(lab.root / "data/raw.csv", (time.time() + 86400, time.time() + 86400))


def by_its_other_name(lab: Lab) -> None:
    os.link(lab.root / "data/raw.csv", lab.root / "hard.csv")
    with (lab.root / "hard.csv").open("r+") as file:
        file.write(OTHER)


def behind_a_link(lab: Lab) -> None:
    linked(lab)
    lab.run()
    lab.write({"there.csv": OTHER})


def of_another_folder(lab: Lab) -> None:
    linked_folder(lab)
    lab.run()
    lab.write({"third/raw.csv": OTHER})
    (lab.root / "data").unlink()
    (lab.root / "data").symlink_to(lab.root / "third")


@pytest.mark.parametrize(
    "change",
    [
        times_put_back,
        copied_with_its_time,
        moved_over_with_its_time,
        from_the_future,
        by_its_other_name,
        behind_a_link,
        of_another_folder,
    ],
)
def test_other_content_is_noticed_whatever_its_name_and_times(
    table: Lab, change: Callable[[Lab], None]
) -> None:
    change(table)
    assert table.rerun() == {"count", "tell"}
    assert table.rerun() == set()


def test_a_clock_that_went_back_hides_no_change(table: Lab) -> None:
    """A file that was hashed on a machine whose clock ran ahead, and is edited by one that is right again."""
    future = time.time() + 3600
    os.utime(table.root / "data/raw.csv", (future, future))
    table.run()
    table.write({"data/raw.csv": OTHER})
    assert table.rerun() == {"count", "tell"}


@pytest.mark.skipif(sys.platform == "linux", reason="names are told apart by case")
def test_one_place_in_two_cases_is_one_output(table: Lab) -> None:
    table.replace("conf/base/catalog.yml", "told: out/told.txt", "told: OUT/COUNTED.json")
    assert "would be saved to the same place" in table.try_run().err


@pytest.mark.skipif(sys.platform != "linux", reason="names are not told apart by case")
def test_two_names_that_differ_in_case_are_two_files(table: Lab) -> None:
    table.write({"data/RAW.csv": OTHER})
    assert table.rerun() == set()
    table.replace("conf/base/catalog.yml", "data/raw.csv", "data/RAW.csv")
    assert table.rerun() == {"count", "tell"}


def test_an_output_edited_by_hand_is_noticed_and_what_it_held_is_kept(table: Lab) -> None:
    table.write({"out/counted.json": '{"rows": 99, "sum": 0}'})
    ran = table.run("--nodes=count")
    assert ran.reasons("count") == ["output counted restored from the store"]
    assert "note: output 'counted' held what no run on record has made; that is kept as counted:" in ran.err
    table.assert_fresh()


def test_an_output_edited_by_hand_is_made_again_where_nothing_kept_it(table: Lab) -> None:
    table.write({"out/counted.json": '{"rows": 99, "sum": 0}'})
    shutil.rmtree(table.root / ".mlo" / "store")
    ran = table.run()
    assert ran.reasons("count") == ["output counted is not what was saved (conf/base/catalog.yml:2:10)"]
    assert ran.statuses == {"count": "done", "tell": "reused"}
    table.assert_fresh()


def test_an_output_that_is_gone_comes_back(table: Lab) -> None:
    table.write({"out/told.txt": None})
    ran = table.run()
    assert ran.reasons("tell") == ["output told restored from the store"]
    table.assert_fresh()


def test_without_its_records_a_project_runs_from_scratch_and_says_so(table: Lab) -> None:
    shutil.rmtree(table.root / ".mlo")
    ran = table.run()
    assert ran.statuses == {"count": "done", "tell": "done"}
    assert ran.reasons("count") == ["never run before"]
    assert table.rerun() == set()


def test_a_node_that_makes_the_same_again_wakes_nobody(table: Lab) -> None:
    table.write({"data/raw.csv": "a,b\n2,y\n1,x\n"})
    ran = table.run()
    assert ran.statuses == {"count": "done", "tell": "reused"}
