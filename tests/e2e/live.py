"""The live page's server as a user starts it, and a small project for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from textwrap import dedent
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MLO = (sys.executable, "-m", "mlflow_tmpl.cli.main")

FILES = {
    "pyproject.toml": """\
        [tool.mlo]
        package = "shop"
        """,
    "src/shop/__init__.py": "",
    "src/shop/nodes/__init__.py": "",
    "src/shop/nodes/sell.py": """\
        import time
        from pathlib import Path

        from mlflow_tmpl import node


        @node(outputs="rows")
        def read(raw, *, share: float):
            print("so many:", len(raw))
            return raw[: int(len(raw) * share)]


        @node(outputs="counted")
        def wait(rows):
            while Path("hold").exists():
                time.sleep(0.02)
            return rows


        @node(outputs="metrics")
        def score(counted):
            return {"score": len(counted)}
        """,
    "conf/base/catalog.yml": """\
        raw: data/raw.json
        metrics: {type: json, filepath: data/metrics.json, role: metrics}
        """,
    "conf/base/parameters.yml": "share: 0.5\n",
    "data/raw.json": "[1, 2, 3, 4]\n",
}


def write_project(root):
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return root


def mlo(root, *words):
    return subprocess.run([*MLO, *words], cwd=root, capture_output=True, text=True, timeout=120)


class Server:
    """A server, and what it answers."""

    def __init__(self, process, address):
        self.process = process
        self.address = address
        self.base, _, self.token = address.partition("/#token=")

    def get(self, path, **headers):
        return self._ask(Request(f"{self.base}{path}", headers=self._headers(headers)))

    def post(self, path, data=None, **headers):
        body = json.dumps(data or {}).encode()
        return self._ask(
            Request(
                f"{self.base}{path}", body, {"Content-Type": "application/json", **self._headers(headers)}
            )
        )

    def _headers(self, headers):
        return {"Authorization": f"Bearer {self.token}", **headers}

    def _ask(self, request):
        try:
            with urlopen(request, timeout=120) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def serving(root, *options):
    """Give a server of a project that has no window of its own."""
    process = subprocess.Popen(
        [*MLO, "viz", "--serve", "--no-open", "--port", "0", *options],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    try:
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield Server(process, address)
    finally:
        process.kill()
        process.communicate()
