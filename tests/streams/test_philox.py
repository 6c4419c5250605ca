"""The words: known answers, and every way of drawing them agrees."""

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.streams import permutation, stream_key, words
from initlab.streams.lanes import FEW, few_blocks
from initlab.streams.philox import LIMIT, blocks

KNOWN = [
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]
"""Counter, key and block: the three philox4x32-10 vectors that Random123 publishes."""


@pytest.mark.parametrize(("counter", "key", "block"), KNOWN)
def test_known_answers(counter, key, block):
    first = counter[0] | counter[1] << 32
    drawn = blocks((*key, *counter[2:]), first, 1)[0]
    assert " ".join(f"{word:08x}" for word in drawn) == block


@pytest.mark.parametrize(("counter", "key", "block"), KNOWN)
def test_known_answers_compiled(counter, key, block):
    from initlab.streams.compiled import philox_block, philox_word

    c0, c1, c2, c3 = counter
    number = np.uint64(c0 | c1 << 32)
    arguments = [np.uint64(word) for word in (*key, c2, c3)]
    assert " ".join(f"{word:08x}" for word in philox_block(*arguments, number)) == block
    if number < 1 << 62:
        lanes = [philox_word(*arguments, np.uint64(4 * int(number) + lane)) for lane in range(4)]
        assert " ".join(f"{word:08x}" for word in lanes) == block


@pytest.mark.parametrize("count", [1, 2, 5, FEW - 1, FEW])
@pytest.mark.parametrize("first", [0, 7, (1 << 32) - 3, 1 << 40, (1 << 62) - FEW])
def test_few_blocks_are_the_same_blocks(first, count):
    key = stream_key("w", 3)
    assert np.array_equal(few_blocks(key, first, count), blocks(key, first, count))


@pytest.mark.parametrize("start", [0, 1, 2, 3, 4, 1001, (1 << 32) - 5, (1 << 34) + 1, LIMIT - 700])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 300, 700])
def test_a_run_is_drawn_alone(start, count):
    key = stream_key("w", 0)
    first = start & ~3
    whole = blocks(key, first >> 2, 200).reshape(-1)
    assert np.array_equal(words(key, start, count), whole[start - first :][:count])


def test_compiled_words_are_the_same_words():
    from initlab.streams.compiled import philox_words

    key = stream_key("w", 0)
    pairs = np.empty(2 * 100, dtype=np.uint64)
    philox_words(pairs, *(np.uint64(word) for word in key), np.uint64((1 << 32) - 50))
    assert np.array_equal(pairs.view(np.uint32), words(key, 4 * ((1 << 32) - 50), 400))


@pytest.mark.parametrize(("start", "count"), [(-1, 3), (0, -1), (LIMIT - 1, 2)])
def test_words_that_do_not_exist(start, count):
    with pytest.raises(SpecError):
        words(stream_key("w", 0), start, count)


def test_permutation_is_the_order_of_the_words():
    order = permutation(1000, name="epoch", seed=1)
    drawn = words(stream_key("epoch", 1), 0, 1000)
    assert sorted(order.tolist()) == list(range(1000))
    assert order.tolist() == sorted(range(1000), key=lambda i: (int(drawn[i]), i))
    assert permutation(0, name="epoch", seed=1).size == 0
