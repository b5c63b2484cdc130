"""splitmix64: bits that each depend on all of what goes in, and the generator made of them.

Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
"""

import numpy as np

from textvec.kernels.compiling import step

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # odd: states that go on by it meet all before one again
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = (np.uint64(n) for n in (27, 30, 31, 32))


@step
def mixed(value):
    """Return 64 bits, each of which depends on all of those of a uint64."""
    value = (value ^ (value >> _30)) * MIX_1
    value = (value ^ (value >> _27)) * MIX_2
    return value ^ (value >> _31)


@step
def draw(state, below):
    """Return the state, uint64, that follows one of the generator, and a number in [0, below)."""
    state = state + GOLDEN
    return state, np.int64((mixed(state) >> _32) % np.uint64(below))
