"""The key of a function that reaches a hundred others in ten modules: read from sources, and as a command has it.

A command takes fingerprints from what it remembers of the project, for as long as nothing has changed that loading it
depended on; whoever loads the project, from Python or to run a node, has them made from the facts of its sources.
"""

from __future__ import annotations

import gc
import importlib
import marshal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mlflow_tmpl.hashing import digest
from mlflow_tmpl.planning.code import CodeReader, remember_loaded_sources
from tests.benchmarks.measure import Figure, bytecode_environment, ratio

MODULES, FUNCTIONS = 10, 10
PACKAGE = "benchmarked"
FUNCTION = """
def f{n}(x):
    total = x + {n}
    for i in range(3):
        total += math.sqrt(i)
    return total + {after}(x)
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Measure with sources that were read before, and with none."""
    _write(folder / PACKAGE)
    sys.path.insert(0, str(folder))
    first = importlib.import_module(f"{PACKAGE}.m0").f0
    remember_loaded_sources([sys.modules[name] for name in list(sys.modules) if name.startswith(PACKAGE)])
    cache = folder / "cache"

    def key() -> None:
        reader = CodeReader(folder, own=frozenset({PACKAGE}), cache=cache)
        reader.fingerprint(first)
        reader.keep()

    cold = _seconds(key)
    sources = sorted((folder / PACKAGE).glob("*.py"))

    def floor() -> None:
        content = cache.read_bytes()
        digest(content)
        for packed in marshal.loads(content[content.index(b"\n") + 1 :]).values():
            marshal.loads(packed)
        for source in sources:
            digest(source.read_bytes())

    found, ours, least = ratio(lambda: _seconds(key), lambda: _seconds(floor), runs=31)
    name = f"warm key of {MODULES * FUNCTIONS} functions / reading and hashing what it is of"
    yield Figure(
        name, found, "x", None, f"{1e3 * ours:.2f} ms against {1e3 * least:.2f}; cold {1e3 * cold:.0f} ms"
    )
    sys.path.remove(str(folder))
    yield _remembered(folder / "project")


COMMAND = """
import gc, sys, time
from mlflow_tmpl.definition.code import RememberedCode
from mlflow_tmpl.planning.code import CodeReader
from mlflow_tmpl.project import open_project

def keys():
    project = open_project(sys.argv[1], remembers=True)
    parameters = project.config.parameters
    gc.disable()
    start = time.process_time()
    known = project.planner.remembered((), parameters)
    if known is None:
        project.plan()
        return None
    code = RememberedCode(known, project.root)
    found = [code.fingerprint(node.func).id for node in known.pipeline.nodes]
    return time.process_time() - start if all(found) else None

taken = [keys() for _ in range(1 if sys.argv[2] == "load" else 9)]
print(min(each for each in taken if each is not None) if sys.argv[2] != "load" else 0)
"""


def _remembered(root: Path) -> Figure:
    package = root / "src" / PACKAGE
    (root / "conf" / "base").mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[tool.mlo]\npackage = "{PACKAGE}"\n')
    package.parent.mkdir()
    _write(package)
    (package / "nodes").mkdir()
    (package / "nodes" / "__init__.py").touch()
    lines = ["from mlflow_tmpl import node", f"from {PACKAGE} import m0"]
    lines += [f"@node(outputs='d{n}')\ndef step{n}():\n    return m0.f0({n})" for n in range(FUNCTIONS)]
    (package / "nodes" / "main.py").write_text("\n\n".join(lines) + "\n")
    environment = bytecode_environment(root / "bytecode")
    told = [
        subprocess.run(
            [sys.executable, "-c", COMMAND, str(root), how],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for how in ("load", "load", "measure")
    ]
    name = f"keys of {FUNCTIONS} nodes over {MODULES * FUNCTIONS} functions, as a command has them"
    return Figure(name, 1e3 * float(told[-1]), "ms", 2.0, "with the look at all that loading depended on")


def _write(package: Path) -> None:
    package.mkdir()
    (package / "__init__.py").write_text("")
    for module in range(MODULES):
        last = module == MODULES - 1
        text = "import math\n" if last else f"import math\nfrom {PACKAGE} import m{module + 1}\n"
        for n in range(FUNCTIONS):
            end = "int" if last else f"m{module + 1}.f0"
            text += FUNCTION.format(n=n, after=f"f{n + 1}" if n < FUNCTIONS - 1 else end)
        (package / f"m{module}.py").write_text(text)


def _seconds(work: Callable[[], None]) -> float:
    """Return processor time, without collecting garbage: the command does not."""
    gc.disable()
    start = time.process_time()
    work()
    taken = time.process_time() - start
    gc.enable()
    return taken
