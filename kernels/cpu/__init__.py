"""Plans as machine code for the CPU: vector LLVM through llvmlite, run by one Numba-parallel driver."""
