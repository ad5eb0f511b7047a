"""The catalog: named data that can be loaded, saved, asked whether it exists, and fingerprinted."""

from mlflow_tmpl.catalog.catalog import Catalog
from mlflow_tmpl.catalog.dataset import COPY_MODES, CopyMode, Dataset, Memory, StreamingDataset, can_stream
from mlflow_tmpl.catalog.file_dataset import FileDataset
from mlflow_tmpl.catalog.isolation import isolate

__all__ = [
    "COPY_MODES",
    "Catalog",
    "CopyMode",
    "Dataset",
    "FileDataset",
    "Memory",
    "StreamingDataset",
    "can_stream",
    "isolate",
]
