"""Coroutines in tests: in a thread of their own, as a browser of other tests may keep a loop in this one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor


def play(coroutine):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
