"""Fingerprints of code, at the grain of definitions: what a function can reach, and nothing else."""

from mlflow_tmpl.planning.code.loaded import LOADED_SOURCE, distrusting_bytecode, remember_loaded_sources
from mlflow_tmpl.planning.code.reading import FILE, CodeFingerprint, CodeReader, Definition

__all__ = [
    "FILE",
    "LOADED_SOURCE",
    "CodeFingerprint",
    "CodeReader",
    "Definition",
    "distrusting_bytecode",
    "remember_loaded_sources",
]
