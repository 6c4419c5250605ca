"""Weights files in the safetensors format: written tensor by tensor, mapped into memory, never unpickled.

    8 bytes  the length n of the header, little-endian
    n bytes  a JSON object: name -> {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__": text -> text
    rest     the tensors, row-major and little-endian

The library of that name holds a second copy of all tensors while it writes; this holds none.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.state import Held
from initlab.documents import whole
from initlab.errors import DataError

CODES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "bool": "BOOL",
}
NAMES = {code: name for name, code in CODES.items()}

PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib")

LONGEST_HEADER = 100_000_000

METADATA = "__metadata__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A file's tensors, mapped into memory (bfloat16 as its bits), their dtypes, and what its writer noted."""

    path: Path
    arrays: Mapping[str, NDArray[Any]]
    dtypes: Mapping[str, str]
    notes: Mapping[str, str] = field(default_factory=dict)


def write_weights(path: Path, tensors: Mapping[str, Held], notes: Mapping[str, str]) -> None:
    """Write tensors and notes into a file, whole or not at all.

    Raises OutputError when it cannot be written, DataError for a dtype that the format does not know.
    """
    header: dict[str, Any] = {METADATA: dict(notes)}
    place = 0
    for name, held in tensors.items():
        if held.dtype not in CODES:
            raise DataError(f"The dtype of {name} must be one of {', '.join(CODES)}, got {held.dtype}. Cast it.")
        end = place + math.prod(held.shape) * width(held.dtype)
        header[name] = {"dtype": CODES[held.dtype], "shape": list(held.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with whole(path) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for held in tensors.values():
            file.write(np.ascontiguousarray(held.read()).reshape(-1).view(np.uint8).data)


def width(dtype: str) -> int:
    """The bytes of one number."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def read_weights(path: Path) -> Weights:
    """Map a weights file into memory. Raises DataError, one line, for anything that is not a whole one."""
    if path.suffix in PICKLES:
        raise DataError(
            f"The weights file {path} must be .safetensors, got {path.suffix}: a pickle runs code when it is read. "
            "Save it with safetensors.torch.save_model, or init -o."
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            if not 0 < length <= min(LONGEST_HEADER, size - 8):
                raise _corrupt(path, "its header does not fit into it")
            header = json.loads(file.read(length))
    except OSError as error:
        raise DataError(f"The weights file {path} must be readable, got: {error.strerror}. Write its path.") from None
    except ValueError as error:
        raise error if isinstance(error, DataError) else _corrupt(path, "its header is no JSON") from None
    if not isinstance(header, dict):
        raise _corrupt(path, "its header is no JSON object")
    notes = header.pop(METADATA, {})
    arrays = _arrays(path, header, 8 + length, size)
    return Weights(
        path=path,
        arrays=arrays,
        dtypes={name: NAMES[entry["dtype"]] for name, entry in header.items()},
        notes=notes if isinstance(notes, dict) else {},
    )


def _arrays(path: Path, header: Mapping[str, Any], begin: int, size: int) -> dict[str, NDArray[Any]]:
    if not header:
        raise DataError(f"The weights file {path} must hold tensors, got none.")
    if size == begin and any(_span(path, name, entry)[1] for name, entry in header.items()):
        raise _corrupt(path, "its tensors are missing")
    data = np.memmap(path, mode="c", offset=0, dtype=np.uint8)
    arrays, used = {}, 0
    for name, entry in header.items():
        first, last = _span(path, name, entry)
        if begin + last > size:
            raise _corrupt(path, f"{name} ends {begin + last - size} bytes behind it")
        used = max(used, last)
        dtype = np.dtype(np.uint16) if entry["dtype"] == "BF16" else np.dtype(NAMES[entry["dtype"]])
        arrays[name] = np.frombuffer(
            data[begin + first : begin + last].tobytes()
            if first % dtype.itemsize
            else data[begin + first : begin + last],
            dtype=dtype,
        ).reshape(entry["shape"])
    if begin + used != size:
        raise _corrupt(path, f"it is {size - begin - used} bytes longer than its tensors")
    return arrays


def _span(path: Path, name: str, entry: Any) -> tuple[int, int]:  # noqa: ANN401
    """Where a tensor begins and ends, after everything that its entry says has been checked."""
    try:
        code, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole_numbers = all(type(number) is int and number >= 0 for number in (*shape, first, last))
        fits = whole_numbers and last - first == math.prod(shape) * width(NAMES[code])
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise _corrupt(path, f"the entry of {name} is wrong, or of a dtype that is not known")
    return first, last


def _corrupt(path: Path, why: str) -> DataError:
    return DataError(
        f"The weights file {path} must be whole and of the safetensors format, got one where {why}. "
        "Write or fetch it again."
    )
