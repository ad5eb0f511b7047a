"""Models and arrays: numpy, skops, ONNX, PyTorch."""

from __future__ import annotations

from typing import IO, Any

from mlflow_tmpl.catalog.datasets.calls import function, reads, writes_with
from mlflow_tmpl.catalog.datasets.format import Format


def _load_npz(file: IO[bytes], **load_args: Any) -> dict[str, Any]:
    with function("numpy.load")(file, **load_args) as archive:
        return dict(archive)


def _save_npz(data: Any, file: IO[bytes], *, compressed: bool = False) -> None:
    """Save a mapping from names to arrays."""
    if not isinstance(data, dict):
        raise TypeError(f"a dict of arrays is needed, not {type(data).__name__}")
    function("numpy.savez_compressed" if compressed else "numpy.savez")(file, **data)


def _npy_head(file: IO[bytes], rows: int, **load_args: Any) -> Any:
    """Return the first rows: the array's bytes follow its header, row by row."""
    import numpy

    formats: Any = numpy.lib.format
    version = formats.read_magic(file)
    read = formats.read_array_header_1_0 if version == (1, 0) else formats.read_array_header_2_0
    shape, by_column, dtype = read(file)
    if by_column or dtype.hasobject or not shape:
        file.seek(0)
        return numpy.load(file, **load_args)[:rows]
    wanted = (min(rows, shape[0]), *shape[1:])
    content = file.read(int(numpy.prod(wanted)) * dtype.itemsize)
    return numpy.frombuffer(content, dtype).reshape(wanted)


def _load_torch(file: IO[bytes], **load_args: Any) -> Any:
    return function("torch.load")(file, **{"weights_only": True, **load_args})


def _save_torch(data: Any, file: IO[bytes], **save_args: Any) -> None:
    """Save a state dict, or that of a module: whole modules do not outlive a change of their code."""
    state = data.state_dict() if hasattr(data, "state_dict") else data
    function("torch.save")(state, file, **save_args)


def _load_skops(file: IO[bytes], **load_args: Any) -> Any:
    return function("skops.io.loads")(file.read(), **load_args)


MODELS = (
    Format(
        name="npy",
        value="numpy array",
        library="numpy",
        aliases=("numpy", "numpy.npy", "numpy.NumpyDataset"),
        suffixes=(".npy",),
        opened=True,
        compressed=True,
        exact=True,
        load=reads("numpy.load"),
        save=writes_with("numpy.save", target_first=True),
        head=_npy_head,
        save_defaults={"allow_pickle": False},
    ),
    Format(
        name="npz",
        value="dict of numpy arrays",
        library="numpy",
        aliases=("numpy.npz",),
        suffixes=(".npz",),
        opened=True,
        exact=True,
        load=_load_npz,
        save=_save_npz,
    ),
    Format(
        name="skops",
        value="scikit-learn model, loaded without running code of the file",
        aliases=("skops.SkopsDataset",),
        suffixes=(".skops",),
        opened=True,
        load=_load_skops,
        save=writes_with("skops.io.dump"),
        package="skops",
        library="sklearn",
        extra="skops",
    ),
    Format(
        name="onnx",
        value="ONNX model",
        aliases=("onnx.ONNXDataset",),
        suffixes=(".onnx",),
        opened=True,
        load=reads("onnx.load"),
        save=writes_with("onnx.save", "onnx.ModelProto"),
        package="onnx",
        extra="onnx",
    ),
    Format(
        name="torch",
        value="state dict of PyTorch; of a module, its own is saved",
        aliases=("pytorch.PyTorchDataset",),
        suffixes=(".pt", ".pth"),
        opened=True,
        load=_load_torch,
        save=_save_torch,
        package="torch",
        extra="torch",
        pickled=True,
    ),
)
