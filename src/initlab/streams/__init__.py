"""Streams: every weight is a pure function of (seed, parameter name, index), the same bits everywhere.

    word    key.py     128 bits of BLAKE2b over (stream version, seed, name)
            philox.py  word i of the stream of that key: Philox4x32-10, block i >> 2, lane i & 3
    number  normal.py, truncated.py, transform.py    word -> whole number -> one conversion -> one multiplication
            orthogonal.py, matrix.py, logarithm.py   the laws that are more than that, computed on the host
            rounding.py                              float64 -> the tensor's dtype
    tensor  layout.py  which part of the stream a tensor, a shard or a transposed kernel is
            draw.py    through NumPy, or compiled (compiled.py, reflections.py) and in threads (threads.py)
            sample.py  from a law to an array;  torch.py, jax.py, triton.py: into the tensors of a framework

Device, instruction set, thread count, shards, layout and the order of creation change nothing. Two machines agree
because only operations that IEEE 754 and two's complement define are used, and no addition follows a multiplication
where a compiler could fuse them.
"""

from initlab.streams.key import STREAM_VERSION as STREAM_VERSION
from initlab.streams.key import Key as Key
from initlab.streams.key import stream_key as stream_key
from initlab.streams.sample import fill as fill
from initlab.streams.sample import fill_part as fill_part
from initlab.streams.sample import sample as sample
from initlab.streams.words import permutation as permutation
from initlab.streams.words import words as words
