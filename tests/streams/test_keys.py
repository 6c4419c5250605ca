"""The keys: names that differ differ, names that are one are one, and bad ones are refused in one line."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initlab.errors import SpecError
from initlab.streams import stream_key
from initlab.streams.key import STREAM_VERSION, canonical_name

FROZEN = [
    (0x9D3372C3, 0x0279B9E0, 0x4E9915D0, 0x81371B32),
    (0x974E3B96, 0xFAA3B6C2, 0x50037823, 0x7FB6E209),
    (0x7AEE6EF2, 0xA5D05E05, 0xDA14DA83, 0xE09BBB9F),
]


def test_frozen_keys():
    assert STREAM_VERSION == 1
    assert stream_key("fc.weight", 0) == FROZEN[0]
    assert stream_key("fc.weight", 1) == FROZEN[1]
    assert stream_key("größe", 2**70) == FROZEN[2]


@pytest.mark.parametrize(
    "group", [("a.b", "a/b", "ab", "a b", "a..b", "a.b.", ".a.b"), ("1\x000", "10", "1", "0\x001")]
)
def test_a_separator_makes_another_stream(group):
    keys = {stream_key(name, seed) for name, seed in itertools.product(group, (0, 1, 10, 11))}
    assert len(keys) == 4 * len(group)


def test_one_letter_typed_in_two_ways_is_one_letter():
    assert stream_key("caf\u00e9", 0) == stream_key("cafe\u0301", 0)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1), st.text(min_size=1), st.integers(0, 2**64), st.integers(0, 2**64))
def test_keys_are_equal_only_for_equal_names_and_seeds(one, other, seed, another):
    same = canonical_name(one) == canonical_name(other) and seed == another
    assert (stream_key(one, seed) == stream_key(other, another)) == same


def test_whole_numbers_of_any_kind_are_seeds():
    assert stream_key("w", np.int64(7)) == stream_key("w", 7) == stream_key("w", np.uint8(7))


@pytest.mark.parametrize("name", ["", None, 3, b"w", ("w",)])
def test_bad_names(name):
    with pytest.raises(SpecError, match=r"^The name of a stream must be a string .* got .*\. .*\.$"):
        stream_key(name, 0)


@pytest.mark.parametrize("seed", [-1, 0.0, 1.5, "0", None, True, np.float64(1), np.int64(-1)])
def test_bad_seeds(seed):
    with pytest.raises(SpecError, match=r"^The seed of a stream must be a whole number >= 0, got .*\. .*\.$"):
        stream_key("w", seed)


def test_a_big_endian_machine_is_refused():
    from initlab.errors import UsageError
    from initlab.streams.key import check_byte_order

    check_byte_order("little")
    with pytest.raises(UsageError, match="must be little-endian, got big-endian"):
        check_byte_order("big")
