"""What this machine can do at most: float32 multiply-adds a second, bytes read and bytes written a second.

The bounds of a roofline, measured there and then: all threads are busy at once, and the best of many short runs of each
counts, as other processes disturb a few of them at most.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from functools import cache

import numpy as np

from .compiler import Compiled, compile_module
from .driver import thread_count
from .machine import host

CHAINS = 12
"""Independent chains of operations: they hide the latency of a multiply-add (4 cycles, two a cycle, on the cores of
today) and leave four of sixteen registers free."""

WIDTHS = (4, 8, 16)
"""Numbers in a vector. The best counts: a core may be slower at its widest."""

ROUNDS = 100_000
"""Multiply-adds of a chain in a run, some 0.2 ms."""

RUN_BYTES = 2**24
"""Bytes that a thread reads in a run, at least: from a level-one cache some 0.1 ms."""

BEYOND_CACHES = 2**27
"""Bytes of which most machines' caches hold no large part: more of them come as fast."""

BUDGET = 0.05
"""Seconds that a measurement takes, about."""

FEWEST = 3
"""Runs, however long they take."""


def fma_peak(threads: int | None = None, seconds: float = BUDGET) -> float:
    """Float32 multiply-adds a second of so many threads, None for as many as a surface has."""
    count = threads or thread_count()

    def rate(width: int) -> float:
        loop, _engine = _function("multiply_add", width)
        return ROUNDS * CHAINS * width * _runs_a_second(lambda _: loop(0, ROUNDS, 0), count, seconds / len(WIDTHS))

    return max(map(rate, WIDTHS))


def read_peak(size: int, threads: int | None = None, seconds: float = BUDGET) -> float:
    """Bytes a second that so many threads read of an array of `size` bytes, again and again, each all of it.

    As kernels read what is computed once for a plane: a small array comes from a cache, a large one from memory.
    """
    count, width = threads or thread_count(), host().lanes("float32")
    step = CHAINS * width * 4
    steps = max(1, min(size, BEYOND_CACHES) // step)
    array = np.ones(steps * step + 64, dtype=np.uint8)  # of zeros the system would give one page for all
    start = -(-array.ctypes.data // 64) * 64
    passes = -(-RUN_BYTES // (steps * step))
    loop, _engine = _function("read", width)
    return passes * steps * step * _runs_a_second(lambda _: loop(start, steps, passes), count, seconds)


def write_peak(threads: int | None = None, seconds: float = BUDGET) -> float:
    """Bytes a second that so many threads write to memory, each its part of an array that no cache holds."""
    count = threads or thread_count()
    parts = [np.zeros(BEYOND_CACHES // count, dtype=np.uint8) for _ in range(count)]
    return parts[0].nbytes * _runs_a_second(lambda number: parts[number].fill(1), count, seconds)


def _runs_a_second(work: Callable[[int], object], threads: int, seconds: float) -> float:
    """Of work(0), work(1), .., each again and again on a thread of its own: the rates of their best runs added up."""
    best = [float("inf")] * threads

    def worker(number: int) -> None:
        end, runs = time.perf_counter() + seconds, 0
        while runs < FEWEST or time.perf_counter() < end:
            start = time.perf_counter()
            work(number)
            best[number] = min(best[number], time.perf_counter() - start)
            runs += 1

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(threads)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    return sum(1 / least for least in best)


@cache
def _function(what: str, width: int) -> tuple[Callable[[int, int, int], float], Compiled]:
    """The compiled loop, which releases the interpreter's lock, and what keeps its code alive."""
    text = (_multiply_add if what == "multiply_add" else _read)(width)
    found = compile_module(lambda: text, text, host(), "loop")
    kinds = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    return ctypes.CFUNCTYPE(ctypes.c_float, *kinds)(found.address), found


def _multiply_add(width: int) -> str:
    """LLVM text of a loop: a vector multiply-add for each chain, `rounds` times."""
    vector = f"<{width} x float>"
    call = f"call {vector} @llvm.fma.v{width}f32({vector}"
    factor = f"<{', '.join(['float 0.125'] * width)}>"
    steps = [f"  %n{c} = {call} %p{c}, {vector} {factor}, {vector} {factor})" for c in range(CHAINS)]
    return "\n".join(
        [
            f"declare {vector} @llvm.fma.v{width}f32({vector}, {vector}, {vector})",
            "define float @loop(ptr %unused, i64 %rounds, i64 %none) {",
            "entry:",
            "  br label %loop",
            "loop:",
            "  %k = phi i64 [ 0, %entry ], [ %k.next, %loop ]",
            *_chains(vector, width),
            *steps,
            "  %k.next = add i64 %k, 1",
            "  %more = icmp ult i64 %k.next, %rounds",
            "  br i1 %more, label %loop, label %done",
            *_ending(vector),
        ]
    )


def _read(width: int) -> str:
    """LLVM text of a loop: the vectors of an array are added to the chains in turn, the whole array `passes` times."""
    vector = f"<{width} x float>"
    steps = []
    for c in range(CHAINS):
        steps += [
            f"  %a{c} = getelementptr {vector}, ptr %start, i64 {c}",
            f"  %x{c} = load {vector}, ptr %a{c}, align {4 * width}",
            f"  %n{c} = fadd {vector} %p{c}, %x{c}",
        ]
    return "\n".join(
        [
            "define float @loop(ptr %array, i64 %steps, i64 %passes) {",
            "entry:",
            "  %total = mul i64 %steps, %passes",
            "  br label %loop",
            "loop:",
            "  %k = phi i64 [ 0, %entry ], [ %k.next, %loop ]",
            "  %place = phi i64 [ 0, %entry ], [ %place.next, %loop ]",
            *_chains(vector, width),
            f"  %start = getelementptr [{CHAINS} x {vector}], ptr %array, i64 %place",
            *steps,
            "  %k.next = add i64 %k, 1",
            "  %onward = add i64 %place, 1",
            "  %whole = icmp eq i64 %onward, %steps",
            "  %place.next = select i1 %whole, i64 0, i64 %onward",
            "  %more = icmp ult i64 %k.next, %total",
            "  br i1 %more, label %loop, label %done",
            *_ending(vector),
        ]
    )


def _chains(vector: str, width: int) -> list[str]:
    """Each starts at a number of its own, so that no two are the same computation."""
    return [
        f"  %p{c} = phi {vector} [ <{', '.join([f'float {c}.0'] * width)}>, %entry ], [ %n{c}, %loop ]"
        for c in range(CHAINS)
    ]


def _ending(vector: str) -> list[str]:
    """The sum of all chains is returned, so that none is dead code."""
    return [
        "done:",
        *(f"  %s{c} = fadd {vector} %n{c}, {f'%s{c - 1}' if c else 'zeroinitializer'}" for c in range(CHAINS)),
        f"  %result = extractelement {vector} %s{CHAINS - 1}, i32 0",
        "  ret float %result",
        "}",
    ]
