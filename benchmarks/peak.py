"""How many float32 multiply-adds a second this machine can do, and how many bytes it can read and write.

    python -m benchmarks.peak [--threads N]

By the loops that `explain` measures with (kernels/cpu/roofline.py), for longer. Bytes: arrays much larger than the
caches are read, and filled, on every core at once.
"""

import argparse

from atlas_fast.kernels.cpu import roofline
from atlas_fast.kernels.cpu.driver import thread_count

SECONDS = 1.0


def fma_peak(threads: int | None = None) -> float:
    """Float32 multiply-adds a second of the whole machine, or of so many threads."""
    return roofline.fma_peak(threads, SECONDS)


def read_peak(threads: int | None = None) -> float:
    """Bytes a second that the machine, or so many threads, read from memory."""
    return roofline.read_peak(roofline.BEYOND_CACHES, threads, SECONDS)


def write_peak(threads: int | None = None) -> float:
    """Bytes a second that the machine, or so many threads, write to memory."""
    return roofline.write_peak(threads, SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description="float32 multiply-adds, bytes read and written a second")
    parser.add_argument("--threads", type=int, default=None, help="default: as many as a surface has, one a core")
    threads = parser.parse_args().threads
    print(
        f"{fma_peak(threads) / 1e9:.1f} GFMA/s, float32, {read_peak(threads) / 1e9:.1f} GB/s read, "
        f"{write_peak(threads) / 1e9:.1f} GB/s written, {threads or thread_count()} threads"
    )


if __name__ == "__main__":
    main()
