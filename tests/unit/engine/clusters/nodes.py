"""Nodes that workers import."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def rows(count: int) -> pd.DataFrame:
    return pd.DataFrame({"n": np.arange(count), "text": [str(number) for number in range(count)]})


def halves(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    return frame.iloc[::2], frame["n"].to_numpy()[1::2].copy()


def spoil(left: pd.DataFrame) -> int:
    left["n"] = -1
    left.loc[left.index[0], "text"] = "spoilt"
    return int(left["n"].sum())


def total(left: pd.DataFrame) -> int:
    return int(left["n"].sum()) + len("".join(left["text"]))


def fill(right: np.ndarray) -> float:
    right[:] = 1  # the only taker has the array for itself
    return float(right.sum())


def speak(x: int) -> int:
    print(f"out {x}")
    print("err", file=sys.stderr)
    logging.getLogger("theirs").warning("logged")
    return x


def fail(x: int) -> int:
    raise ValueError(f"no {x}")


def lock(x: int) -> Any:
    return threading.Lock()


def die_once(x: int, flag: str) -> int:
    if not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x + 1


def wait(x: int, seconds: float) -> int:
    time.sleep(seconds)
    return x


def slow_increment(x: int) -> int:
    time.sleep(0.3)
    return x + 1


def gather(**values: int) -> int:
    return sum(values.values())


def process(x: int) -> int:
    return os.getpid()
