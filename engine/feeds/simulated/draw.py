"""Numbers from nowhere: counter-based randomness and the few functions it feeds.

Owns hashing a counter to a uniform or bell-shaped number, and exp, log and the normal distribution written
in plain IEEE arithmetic. It keeps no state and calls no mathematics library, so a simulated day is the same
to the last bit on every machine. It knows nothing of markets.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from ...jit.options import compiled

_F = TypeVar("_F", bound=Callable[..., object])

Word = np.uint64
"""A hash or a key."""

kernel = compiled
"""Compile a kernel: kept on disk, without the interpreter's lock, dividing as IEEE does."""


def inlined(function: _F) -> _F:
    """Compile a kernel into its callers: the world is too many arguments to hand over for each event."""
    return compiled(function, inline="always")


_A, _B, _GOLDEN = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_S16, _S32, _S48, _LOW16 = np.uint64(16), np.uint64(32), np.uint64(48), np.uint64(0xFFFF)
_TO_UNIT = 2.0**-53
_BELL_SCALE = 3.0**0.5 / 65536.0
_BELL_CENTRE = 2.0 * 65535.0

_LOG2E, _LN2_HI, _LN2_LO = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
_POW2 = np.array([2.0**k for k in range(-1022, 1024)])
_SQRT_HALF = 0.5**0.5


def key_of(*parts: object) -> int:
    """Return a 64-bit key for what is named by `parts`."""
    text = "|".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


@inlined
def mix(key: Word, counter: int) -> Word:
    """Hash a uint64 key and an integer counter to a uint64 (the splitmix64 finaliser)."""
    x = np.uint64(key) + np.uint64(counter) * _GOLDEN + _GOLDEN
    x = (x ^ (x >> _S30)) * _A
    x = (x ^ (x >> _S27)) * _B
    return x ^ (x >> _S31)


@inlined
def unit(x: Word) -> float:
    """Turn a hash into a uniform number in [0, 1)."""
    return float(x >> _S11) * _TO_UNIT


@inlined
def bell(x: Word) -> float:
    """Turn a hash into a bell-shaped number of mean 0, variance 1, within ±3.46 (sum of four uniforms)."""
    total = float(x & _LOW16) + float((x >> _S16) & _LOW16) + float((x >> _S32) & _LOW16) + float(x >> _S48)
    return (total - _BELL_CENTRE) * _BELL_SCALE


@kernel
def exp(x: float) -> float:
    """Return e**x to 1e-15 relative; 0 below -690, capped above 690."""
    if x < -690.0:
        return 0.0
    x = min(x, 690.0)
    k = int(np.floor(x * _LOG2E + 0.5))
    r = (x - k * _LN2_HI) - k * _LN2_LO
    p = 1.0 + r / 12.0
    for n in range(11, 0, -1):
        p = 1.0 + p * r * (1.0 / n)
    return float(p * _POW2[k + 1022])


@kernel
def log(x: float) -> float:
    """Return the natural logarithm of a positive number."""
    k = 0
    while x > 2.0 * _SQRT_HALF:
        x *= 0.5
        k += 1
    while x < _SQRT_HALF:
        x *= 2.0
        k -= 1
    s = (x - 1.0) / (x + 1.0)
    square, power, total = s * s, s, 0.0
    for n in range(1, 24, 2):
        total += power / n
        power *= square
    return 2.0 * total + k * (_LN2_HI + _LN2_LO)


@kernel
def tail(x: float, bell_height: float) -> float:
    """Return the normal probability above x >= 0, given e**(-x*x/2).

    Hart's rational approximation in West's arrangement ("Better approximations to cumulative normal
    functions", 2005); relative error about 1e-15.
    """
    if x > 37.0:
        return 0.0
    if x < 7.07106781186547:
        n = 3.52624965998911e-02 * x + 0.700383064443688
        n = ((n * x + 6.37396220353165) * x + 33.912866078383) * x + 112.079291497871
        n = (n * x + 221.213596169931) * x + 220.206867912376
        d = 8.83883476483184e-02 * x + 1.75566716318264
        d = ((d * x + 16.064177579207) * x + 86.7807322029461) * x + 296.564248779674
        d = ((d * x + 637.333633378831) * x + 793.826512519948) * x + 440.413735824752
        return bell_height * n / d
    b = x + 0.65
    b = x + 1.0 / (x + 2.0 / (x + 3.0 / (x + 4.0 / b)))
    return bell_height / b / 2.506628274631


@kernel
def normal_cdf(x: float) -> float:
    """Return the normal probability below x."""
    above = tail(abs(x), exp(-0.5 * x * x))
    return above if x < 0.0 else 1.0 - above


@kernel
def poisson(mean: float, key: Word) -> int:
    """Return a Poisson count; above a mean of 30 the bell-shaped limit."""
    if mean <= 0.0:
        return 0
    if mean > 30.0:
        return max(0, int(np.floor(mean + np.sqrt(mean) * bell(mix(key, 0)) + 0.5)))
    u = unit(mix(key, 0))
    p = exp(-mean)
    below, count = p, 0
    while u > below and count < 200:
        count += 1
        p *= mean / count
        below += p
    return count


@kernel
def unit_at(key: Word, counter: int) -> float:
    """Return the uniform number of a counter."""
    return unit(mix(key, counter))


@kernel
def bell_at(key: Word, counter: int) -> float:
    """Return the bell-shaped number of a counter."""
    return bell(mix(key, counter))
