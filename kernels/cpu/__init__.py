"""Plans as machine code for the CPU: vector LLVM through llvmlite, run tile by tile on plain threads."""
