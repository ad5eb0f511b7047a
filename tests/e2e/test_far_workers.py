"""Workers that do not see the driver's disk: code is sent, and what cannot be is refused before anything runs."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.clusters import dask_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.clusters import DaskCluster
    from tests.conftest import MadeProject

NODES = """
    from dataclasses import dataclass

    @dataclass
    class Pair:
        one: int
        two: int

    @node(outputs="pair")
    def make(*, number: int) -> Pair:
        return Pair(number, number + 1)

    @node(outputs="sum")
    def add(pair: Pair) -> int:
        print(f"sum: {pair.one + pair.two}")
        return pair.one + pair.two

    @node(outputs="length")
    def measure(source: str, sum: int) -> int:
        return len(source) + sum
    """


def hides(folder: Path) -> list[str]:
    """Return words before a command that make a folder look empty to it."""
    return ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs none "{folder}" && exec "$0" "$@"']


def can_hide(folder: Path) -> bool:
    """Tell whether this system lets its users do that."""
    return (
        shutil.which("unshare") is not None
        and not subprocess.run([*hides(folder), "true"], check=False).returncode
    )


@pytest.fixture
def project(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(NODES, "source: data/source.txt\n", "number: 3\n", files={"data/source.txt": "12345"})


@pytest.fixture
def cluster(project: MadeProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    if find_spec("distributed") is None or not can_hide(project.root):
        pytest.skip("no workers that see another disk")
    with dask_cluster(tmp_path_factory.mktemp("far"), 0) as made:
        for _ in range(2):
            made.start_worker(*hides(project.root))
        made.wait_for_workers(2)
        yield made


def test_code_is_sent_and_what_workers_lack_is_refused(
    project: MadeProject, cluster: DaskCluster, tmp_path: Path
) -> None:
    there = ("--engine", "dask", "--address", cluster.address)

    refused = project.mlo("run", *there)
    assert refused.returncode == 2
    assert "dataset 'source' lies on this machine's disk, which worker 'tcp://127.0.0.1:" in refused.stderr
    assert "conf/base/catalog.yml:1" in refused.stderr
    assert project.json("runs", "list") == []

    ran = project.mlo("run", *there, "--to-nodes", "add")
    assert (ran.returncode, ran.stdout.count("sum: 7")) == (0, 1), ran.stderr

    file = project.root / "src" / project.package / "nodes" / "flow.py"
    file.write_text(file.read_text().replace("number + 1", "number + 5"))
    assert "sum: 11" in project.mlo("run", *there, "--to-nodes", "add").stdout

    other = tmp_path / "other" / "mlflow_tmpl"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("__version__ = '0.0.1'\n")
    cluster.start_worker(PYTHONPATH=str(other.parent))
    cluster.wait_for_workers(3)
    refused = project.mlo("run", *there, "--to-nodes", "add", "--force")
    assert refused.returncode == 2
    assert "has mlo 0.0.1, and this is mlo" in refused.stderr
