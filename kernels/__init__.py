"""Kernels: from a program to numbers. Knows no text, no files of a user's and no screen.

program, primitives, once: what is computed. derivative, substitution (with polynomial, contraction, cost), streams:
passes, program -> program. plan, nests: every decision of how to compute it, as one value. cpu: the plan as machine
code. cuda: the plan as a kernel of a GPU. reference: NumPy in float64, the oracle of them all.
"""

if __name__ != "atlas_fast.kernels":
    raise ImportError(
        "this folder is installed as atlas_fast.kernels; a plain `import kernels` from the project's root "
        "would load a second copy of it: import atlas_fast.kernels"
    )

from . import derivative, reference
from .cuda import DeviceFault, device
from .execution import plane, points
from .program import Builder, Program
from .training import Descent, Slope

__all__ = [
    "Builder",
    "Descent",
    "DeviceFault",
    "Program",
    "Slope",
    "derivative",
    "device",
    "plane",
    "points",
    "reference",
]
