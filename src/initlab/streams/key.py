"""The key of a stream: 128 bits that stand for (stream version, seed, parameter name).

    key = BLAKE2b-128("initlab stream" NUL version NUL seed NUL name),  read as four little-endian 32-bit words

The name comes last, and neither the version nor the seed can hold a NUL, so no two triples share one message: names
that differ by a separator alone ("a.b", "ab", "a/b") have unrelated streams. At 128 bits, a model of a million
parameters has two equal keys with probability 1e-27.
"""

import struct
import sys
import unicodedata
from hashlib import blake2b
from typing import TypeAlias

from initlab.errors import SpecError, UsageError
from initlab.laws import shown, whole_number

STREAM_VERSION = 1
"""Part of every key. Raise it when a weight has to move, and freeze new digests in the tests."""

Key: TypeAlias = tuple[int, int, int, int]
"""(k0, k1, c2, c3): the two key words of Philox, and the upper half of its counter."""

SEED_BITS = 1024

_PREFIX = f"initlab stream\0{STREAM_VERSION}\0"


def check_byte_order(order: str) -> None:
    """Raise UsageError unless this machine keeps the low byte of a number first, as the compiled kernels need it."""
    if order != "little":
        raise UsageError(f"The byte order of the machine must be little-endian, got {order}-endian. Use another one.")


check_byte_order(sys.byteorder)


def canonical_name(name: str) -> str:
    r"""The name in Unicode normal form C, so that a letter typed in two ways is one letter.

    Raises SpecError unless it is a string of at least one character.

    >>> canonical_name("cafe\u0301") == canonical_name("caf\u00e9")
    True
    """
    if not isinstance(name, str) or not name:
        raise SpecError(
            f"The name of a stream must be a string of at least one character, got {name!r}. Give the parameter's name."
        )
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def checked_seed(seed: int) -> int:
    """The seed as a Python integer. Raises SpecError unless it is a whole number >= 0."""
    whole = seed if type(seed) is int else whole_number(seed)
    if whole is None or whole < 0:
        raise SpecError(f"The seed of a stream must be a whole number >= 0, got {shown(seed)}. Give 0, 1, 2, ...")
    if whole.bit_length() > SEED_BITS:
        raise SpecError(f"The seed of a stream must be below 2**{SEED_BITS}, got {shown(seed)}. Give 0, 1, 2, ...")
    return whole


def stream_key(name: str, seed: int) -> Key:
    """The key of the parameter of that name under that seed.

    >>> stream_key("fc.weight", 0) == stream_key("fc.weight", 1)
    False
    """
    message = f"{_PREFIX}{checked_seed(seed)}\0{canonical_name(name)}"
    k0, k1, c2, c3 = struct.unpack("<4I", blake2b(message.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    return k0, k1, c2, c3
