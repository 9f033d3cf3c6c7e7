"""How long a kernel takes to compile at 10, 100 and 1,000 hidden units: loops do not grow with them.

    python benchmarks/compile_time.py [--runs N]

From the program to machine code (plan, emission, LLVM), float32, with all caches empty.
"""

import argparse
import statistics

import contest

TEXT = "||A*relu(B*X + C) + D - Y||_2"
HIDDEN = (10, 100, 1000)


def seconds(hidden: int, gradient: bool) -> float:
    """One compilation of the three-layer iris network's plane kernel with so many hidden units."""
    from atlas_fast import kernels
    from atlas_fast.language import infer, lower, parse

    data = {"X": (4, 150), "Y": (3, 150)}
    tree = parse(TEXT, [*data, "B"])
    program = lower(tree, infer(tree, data, {"B": (hidden, None)}))
    contest.forget_kernels()
    return kernels.plane(program, "float32", gradient).code().seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="compile time at 10, 100 and 1,000 hidden units")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    contest.prepare()
    contest.start_driver()
    print("| hidden units | loss, s | loss and derivatives, s |\n|--:|--:|--:|")
    medians: dict[bool, list[float]] = {False: [], True: []}
    for hidden in HIDDEN:
        for gradient, found in medians.items():
            found.append(statistics.median(seconds(hidden, gradient) for _ in range(runs)))
        print(f"| {hidden:,} | {medians[False][-1]:.3f} | {medians[True][-1]:.3f} |", flush=True)
    spread = [max(found) / min(found) for found in medians.values()]
    print(f"\nlongest over shortest: {spread[0]:.2f} and {spread[1]:.2f}")


if __name__ == "__main__":
    main()
