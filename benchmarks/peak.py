"""How many float32 multiply-adds a second this machine can do, and how many bytes it can write.

    python -m benchmarks.peak [--threads N]

Twelve independent chains of fused multiply-adds hide their latency (4 cycles, two a cycle, on the cores of
today) and leave four of sixteen registers free. The best of the vector widths 4, 8 and 16 counts.
Bytes: arrays much larger than the caches are filled, on every core at once.
"""

import argparse
import ctypes
import os
import threading
import time
from collections.abc import Callable

import llvmlite.binding as llvm
import numpy as np

CHAINS = 12
WIDTHS = (4, 8, 16)


def loop_text(width: int) -> str:
    """LLVM text of `float peak(long rounds, float x)`: CHAINS vector multiply-adds a round."""
    vector = f"<{width} x float>"
    starts = [f"%i{c} = insertelement {vector} %xs, float {c}.0, i32 {c % width}" for c in range(CHAINS)]
    values = [f"%p{c} = phi {vector} [ %i{c}, %entry ], [ %n{c}, %loop ]" for c in range(CHAINS)]
    call = f"call {vector} @llvm.fma.v{width}f32({vector}"
    steps = [f"%n{c} = {call} %p{c}, {vector} %xs, {vector} %xs)" for c in range(CHAINS)]
    # The sum of all chains is returned, so that none is dead code.
    sums = [f"%s{c} = fadd {vector} %n{c}, {f'%s{c - 1}' if c else '%xs'}" for c in range(CHAINS)]
    lines = [
        f"declare {vector} @llvm.fma.v{width}f32({vector}, {vector}, {vector})",
        "define float @peak(i64 %rounds, float %x) {",
        "entry:",
        f"%x0 = insertelement {vector} undef, float %x, i32 0",
        f"%xs = shufflevector {vector} %x0, {vector} undef, <{width} x i32> zeroinitializer",
        *starts,
        "br label %loop",
        "loop:",
        "%k = phi i64 [ 0, %entry ], [ %next, %loop ]",
        *values,
        *steps,
        "%next = add i64 %k, 1",
        "%more = icmp ult i64 %next, %rounds",
        "br i1 %more, label %loop, label %done",
        "done:",
        *sums,
        f"%result = extractelement {vector} %s{CHAINS - 1}, i32 0",
        "ret float %result",
        "}",
    ]
    return "\n".join(lines)


def measure(width: int, threads: int, rounds: int, repeats: int) -> float:
    """The best of `repeats` runs on `threads` threads at once, in multiply-adds a second."""
    module = llvm.parse_assembly(loop_text(width))
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    # ctypes releases the interpreter's lock during the call, so that the threads do run at once.
    loop = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64, ctypes.c_float)(engine.get_function_address("peak"))
    least = min(at_once(lambda _: loop(rounds, 0.1), threads) for _ in range(repeats))
    return threads * rounds * CHAINS * width / least


def at_once(work: Callable[[int], object], threads: int) -> float:
    """Seconds until work(0), work(1), .. are done, each on a thread of its own."""
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - start


def fma_peak(threads: int | None = None, rounds: int = 1_000_000, repeats: int = 40) -> float:
    """Float32 multiply-adds a second of the whole machine, or of so many threads.

    The best of many short runs: other processes disturb a few of them at most.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    count = threads or os.cpu_count() or 1
    return max(measure(width, count, rounds, repeats) for width in WIDTHS)


def write_peak(threads: int | None = None, size: int = 2**27, repeats: int = 10) -> float:
    """Bytes a second that the machine, or so many threads, write to memory: the best of a few runs.

    size: bytes a thread, several times the largest cache of today.
    """
    count = threads or os.cpu_count() or 1
    arrays = [np.zeros(size, dtype=np.uint8) for _ in range(count)]
    least = min(at_once(lambda number: arrays[number].fill(1), count) for _ in range(repeats))
    return count * size / least


def main() -> None:
    parser = argparse.ArgumentParser(description="float32 multiply-adds, and bytes written, a second of this machine")
    parser.add_argument("--threads", type=int, default=None, help="default: one a core")
    threads = parser.parse_args().threads
    print(
        f"{fma_peak(threads) / 1e9:.1f} GFMA/s, float32, {write_peak(threads) / 1e9:.1f} GB/s written, "
        f"{threads or os.cpu_count()} threads"
    )


if __name__ == "__main__":
    main()
