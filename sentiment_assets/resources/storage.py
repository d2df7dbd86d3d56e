"""Frames as Parquet, arrays as memory-mapped ``.npy``, on any fsspec path; nothing is ever half-written."""

import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dagster as dg
from upath import UPath

from sentiment_assets.resources.home import below_home

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame as Frame
else:
    Frame = Any  # Dagster evaluates the annotations of assets, and pandas is not loaded then


class Storage(dg.ConfigurableResource):
    """The data folder: ``<root>/<branch>/<asset>[/<partition>]``."""

    root: str

    def path(self, *parts: str) -> UPath:
        """A path below the data folder."""
        return below_home(self.root).joinpath(*parts)

    def frame_path(self, branch: str, asset: str, partition: str) -> UPath:
        """Where a partition of a frame-valued asset lies."""
        return self.path(branch, asset, partition + FrameIOManager.extension)

    def candidate_path(self, branch: str, partition: str) -> UPath:
        """Where a trained candidate lies."""
        return self.path(branch, "trained_candidates", partition + ".npz")


def write_atomically(path: UPath, content: bytes) -> None:
    """Write ``content`` so that a reader sees the old file or the new one, never part of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _is_local(path):
        path.write_bytes(content)  # an object store shows an object once it is whole
        return
    unfinished = path.parent / f".{path.name}.{uuid4().hex}.part"
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished.path, path.path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def frame_to_bytes(frame: Frame) -> bytes:
    """A frame as a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def read_frame(path: UPath) -> Frame:
    """A stored frame. Raises ``FileNotFoundError`` when there is none."""
    import pandas as pd

    return pd.read_parquet(io.BytesIO(path.read_bytes()))


def read_partitions(storage: Storage, branch: str, asset: str, partitions: Sequence[str]) -> dict[str, Frame]:
    """The stored frames of those partitions that have one, in the order given."""
    paths = {each: storage.frame_path(branch, asset, each) for each in partitions}
    return {each: read_frame(path) for each, path in paths.items() if path.exists()}


class FrameIOManager(dg.UPathIOManager):
    """DataFrames as Parquet files, one a partition."""

    extension = ".parquet"

    def dump_to_path(self, context: dg.OutputContext, obj: Frame, path: UPath) -> None:
        """Store a frame."""
        write_atomically(path, frame_to_bytes(obj))

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Frame:
        """Load a frame."""
        return read_frame(path)


@dataclass(frozen=True)
class StoredArrays:
    """Named arrays and the version they were stored under."""

    version: str
    arrays: "Mapping[str, np.ndarray]"


class ArraysIOManager(dg.UPathIOManager):
    """Named arrays as ``.npy`` files, memory-mapped on loading so that processes share one copy."""

    def dump_to_path(self, context: dg.OutputContext, obj: "Mapping[str, np.ndarray]", path: UPath) -> None:
        """Write the arrays into a folder named by their digest, then make it the current one."""
        version = arrays_version(obj)
        for name, array in obj.items():
            write_atomically(path / version / f"{name}.npy", _npy(array))
        write_atomically(path / "CURRENT", version.encode())
        for former in path.iterdir():
            if former.name not in ("CURRENT", version):
                former.fs.rm(former.path, recursive=True)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> StoredArrays:
        """Map the current arrays; those of a remote path are copied to this host once."""
        import numpy as np

        version = (path / "CURRENT").read_text()
        folder = _local_copy(path / version)
        files = sorted(folder.glob("*.npy"))
        return StoredArrays(
            version,
            {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in files},
        )


def arrays_version(arrays: "Mapping[str, np.ndarray]") -> str:
    """The same for equal arrays: 16 hexadecimal digits of SHA-256 over names, types and values."""
    digest = sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _npy(array: "np.ndarray") -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _local_copy(folder: UPath) -> Path:
    if _is_local(folder):
        return Path(folder.path)
    name = sha256(str(folder).encode()).hexdigest()[:32]
    copy = Path(tempfile.gettempdir()) / "sentiment_assets" / name
    for file in folder.iterdir():
        if not (copy / file.name).exists():
            write_atomically(UPath(copy / file.name), file.read_bytes())
    return copy


def _is_local(path: UPath) -> bool:
    return path.protocol in ("", "file", "local")


class Frames(dg.ConfigurableIOManagerFactory[Any]):
    """The IO manager of frame-valued assets; a downstream asset gets the DataFrame by naming the asset."""

    root: str

    def create_io_manager(self, context: dg.InitResourceContext) -> FrameIOManager:
        """Rooted in the data folder."""
        return FrameIOManager(below_home(self.root))


class Arrays(dg.ConfigurableIOManagerFactory[Any]):
    """The IO manager of ``features``."""

    root: str

    def create_io_manager(self, context: dg.InitResourceContext) -> ArraysIOManager:
        """Rooted in the data folder."""
        return ArraysIOManager(below_home(self.root))
