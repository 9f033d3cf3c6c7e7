"""The CUDA back end: a plan as one Python kernel in Numba CUDA's dialect, a thread for each point of the grid.

lowering: what each primitive is in that dialect. layout: every decision that a device asks for beyond the plan's.
source, nest: from both to the kernel's text. targets: the same text for a device, for Numba's simulator, and for NumPy.
device: whether there is a GPU. engine: runs kernels over grids. descent, samples, shares, persample: training's text, a
block of threads for each run; runs: its engine. None of it imports Numba before it is needed.

So far nothing of it has run on a GPU: it is checked by the simulator, by NumPy, and by the machine code that it
becomes.
"""


class DeviceFault(RuntimeError):
    """There is no device, or the program is not one that this back end can do; the message says which, in a line."""
