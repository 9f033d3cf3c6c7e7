"""The CUDA back end: a plan as one Python kernel in Numba CUDA's dialect.

lowering: what each primitive is in that dialect. code: which way a program is computed. By a thread for each point of
the grid: layout and grouping, every decision that a device asks for beyond the plan's, and source, sweeps, nest, from
both to the kernel's text. By a block of threads for each point, or for each run that trains: shares, patches and spots,
the decisions, and blockwise, samples, the text that they have in common; blockpoints, what is a surface's; descent,
persample, what is training's. text: lines. targets: the same text as Python, for Numba's simulator and for NumPy.
translation, dialects: the same text as LLVM IR. compilation, launching: from there to machine code, and to a kernel on
a device. device, limits: whether there is a GPU, and what it can hold. engine, running: kernels over grids, tile by
tile; runs, lanes: training's. trial: whether a device computes what the CPU does. vectors, host: the text run by NumPy,
and what it is translated to by this machine, for tests. None of it imports Numba before it is needed.

So far nothing of it has run on a GPU: it is checked by the simulator, by NumPy, by this machine, and by the machine
code that it becomes.
"""


class DeviceFault(RuntimeError):
    """There is no device, or the program is not one that this back end can do; the message says which, in a line."""
