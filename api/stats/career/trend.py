"""A straight line through numbers in their order, and how sure it is: least squares, without I/O.

With n values y at x = 0, 1, ..., n-1 the line is y = a + b x. Its residual variance is
s2 = sum(residuals^2) / (n - 2); the slope b has the standard error sqrt(s2 / Sxx), and the line at x has
sqrt(s2 (1/n + (x - mean)^2 / Sxx)). 95% intervals are so many standard errors to either side as Student's t
has for n - 2 degrees of freedom. Source: NIST/SEMATECH e-Handbook of Statistical Methods, chapter 4, "Linear
Least Squares Regression" and "Using Estimates and Predictions from the Model".

It takes values for independent and equally sure, which matches of one evening are not quite: an interval that
barely leaves zero out says little.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import msgspec

# With fewer, the interval of the slope is too wide to tell anything, and t's series is not exact.
LEAST: Final = 8
# The quantile of the normal distribution that leaves 2.5% above it.
_NORMAL: Final = 1.959963984540054


class Line(msgspec.Struct):
    """A line through n values, with 95% intervals."""

    slope: float
    slope_low: float
    slope_high: float
    fitted: list[float]
    low: list[float]
    high: list[float]

    @property
    def is_clear(self) -> bool:
        """Tell whether the interval of the slope leaves zero out."""
        return self.slope_low > 0 or self.slope_high < 0


def line(values: Sequence[float]) -> Line | None:
    """Return the line of least squares through values in their order, None for fewer than LEAST."""
    n = len(values)
    if n < LEAST:
        return None
    middle, mean = (n - 1) / 2, sum(values) / n
    sxx = sum((x - middle) ** 2 for x in range(n))
    slope = sum((x - middle) * (y - mean) for x, y in enumerate(values)) / sxx
    fitted = [mean + slope * (x - middle) for x in range(n)]
    variance = sum((y - at) ** 2 for y, at in zip(values, fitted, strict=True)) / (n - 2)
    t = student(n - 2)
    apart = t * sqrt(variance / sxx)
    widths = [t * sqrt(variance * (1 / n + (x - middle) ** 2 / sxx)) for x in range(n)]
    return Line(
        slope,
        slope - apart,
        slope + apart,
        fitted,
        [at - width for at, width in zip(fitted, widths, strict=True)],
        [at + width for at, width in zip(fitted, widths, strict=True)],
    )


def student(degrees: int) -> float:
    """Return Student's t that leaves 2.5% above it, to three digits from 6 degrees of freedom on.

    The series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z = _NORMAL
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    powers: list[float] = [term / float(degrees) ** power for power, term in enumerate(terms, 1)]
    return z + sum(powers)
