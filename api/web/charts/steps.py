"""Five steps from little to much."""

from typing import Final

STEPS: Final = 5


def step(value: float, most: float) -> int:
    """Return 1 to 5 for a value above 0, by its share of the greatest, and 0 for none."""
    if value <= 0 or most <= 0:
        return 0
    return min(STEPS, 1 + int(STEPS * min(1.0, value / most) * 0.999))
