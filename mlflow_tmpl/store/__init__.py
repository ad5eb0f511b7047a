"""The store: past contents of outputs, named by their hashes."""

from mlflow_tmpl.store.shelf import Offer, Shelf
from mlflow_tmpl.store.store import Store

__all__ = ["Offer", "Shelf", "Store"]
