"""What the documentation shows is what happens: its code blocks are run, a page from an empty folder at a time."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"(?P<skip><!-- not run: [^\n]+ -->\n)?^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "<when>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4})*(-[0-9a-f]{12})?\b"), "<id>"),
    (re.compile(r"<?\b\d+(\.\d+)? m?s\b|\b\d+m \d\ds\b"), "<time>"),
    (re.compile(r"[ ]{2,}"), "  "),
]
"""What differs from run to run, and the columns that widen with it."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str | None
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page that are to be run or written."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(match["language"], match["title"], match["text"], text.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(text)
        if not match["skip"]
    ]


def test_fenced_blocks_are_found():
    assert [block.language for block in blocks_of(ROOT / "README.md")].count("console") >= 4


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks_of(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_the_blocks_of_a_page_do_what_it_says(page: Path, tmp_path: Path):
    reader = Reader(page, tmp_path)
    for block in blocks_of(page):
        reader.read(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path):
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


class Reader:
    """Does what a page says, as someone who types it in: `cd` holds for what follows."""

    def __init__(self, page: Path, start: Path) -> None:
        self.page = page
        self.start = start
        self.folder = start
        self.script: list[str] = []

    def read(self, block: Block) -> None:
        where = f"{self.page.relative_to(ROOT)}:{block.line}"
        if block.title:
            self.write(block)
        if block.language == "console":
            self.console(block.text, where)
        elif block.language == "python" and not block.title:
            self.python(block.text, where)

    def write(self, block: Block) -> None:
        path = self.folder / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def console(self, text: str, where: str) -> None:
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            words = shlex.split(command, comments=True)
            if words[0] == "cd":
                self.folder = self.folder / words[1]
                continue
            done = self.perform(words)
            said = steady(done.stderr + done.stdout)
            refused = any(line.startswith("error: ") for line in shown.splitlines())
            assert (done.returncode != 0) == refused, f"{where}: {command}: {done.returncode}\n{said}"
            for line in steady(shown).splitlines():
                assert line.rstrip() in said, f"{where}: {command} does not print\n  {line}\nbut\n{said}"

    def perform(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        own = Path(sys.executable).with_name(words[0])
        program = own if own.exists() else Path(shutil.which(words[0]) or words[0])
        environment = {
            **os.environ,
            "PATH": f"{own.parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "120",
        }
        return subprocess.run(
            [str(program), *words[1:]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def python(self, text: str, where: str) -> None:
        """Run a block after those before it, in the folder where the page began."""
        self.script.append(text)
        script = self.start / "blocks.py"
        script.write_text("\n".join(self.script), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(script)], cwd=self.start, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{where}:\n{done.stderr}"


def steady(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text
