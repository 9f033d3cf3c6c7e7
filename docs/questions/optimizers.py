"""What does Adam actually do? SGD, momentum and Adam in one valley: a line through iris's petals."""

import numpy as np
import typer
from sklearn.datasets import load_iris

import atlas_fast as af

OPTIMIZERS = {"SGD": af.SGD(0.05), "momentum": af.SGD(0.05, momentum=0.8), "Adam": af.Adam(0.05)}


@typer.run
def main(resolution: int = 512, seeds: int = 20, out: str = "optimizers.png") -> None:
    length, width = load_iris().data[:, 2:].T  # centimetres
    problem = af.Problem("mse(w*x + b, y)", {"x": length, "y": width})
    compared = af.compare(problem, OPTIMIZERS, epochs=60, start={"w": -0.5, "b": 2.0}, resolution=resolution)
    compared.plot().savefig(out)

    millimetres = af.Problem("mse(w*x + b, y)", {"x": 10 * length, "y": width})
    starts = [problem.init(seed, "normal") for seed in range(seeds)]
    print("| optimizer | first step: w, b | loss, length in cm | loss, length in mm |\n|---|---|--:|--:|")
    for (label, optimizer), run in zip(OPTIMIZERS.items(), compared.runs, strict=True):
        w, b = run.weights[1] - run.weights[0]
        runs = [[p.train(optimizer, 60, start=start) for start in starts] for p in (problem, millimetres)]
        cm, mm = (np.median([run.loss[-1] for run in some]) for some in runs)
        print(f"| {label} | {w:+.3f}, {b:+.3f} | {cm:.4f} | {mm:.4g} |")
