"""How much of a chain of frames is in memory at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Figure

MEGABYTES = 500
CHAIN = """
import resource, sys
import numpy as np, pandas as pd
from mlflow_tmpl import Node, Pipeline, run

def peak():
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale

def make():
    return pd.DataFrame(np.ones(({bytes} // 80, 10)))

def step(frame):
    return frame + 1

before = peak()
nodes = [Node(make, None, "f0")] + [Node(step, f"f{{i}}", f"f{{i + 1}}", name=f"step{{i}}") for i in range(10)]
run(nodes)
print((peak() - before) / {bytes})
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Run ten nodes over a frame, each of which makes a new one."""
    code = CHAIN.format(bytes=MEGABYTES * 1_000_000)
    out = subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, text=True)
    yield Figure(f"peak memory of 10 nodes over {MEGABYTES} MB / the frame", float(out.stdout), "x", 2.3)
