"""Why does this learning rate not work? One network, one start, three learning rates."""

import numpy as np
import typer
from sklearn.datasets import load_iris

import atlas_fast as af

RATES = {"too high": 1.0, "right": 0.05, "too low": 0.001}


@typer.run
def main(resolution: int = 512, seeds: int = 20, out: str = "learning_rate.png") -> None:
    X, y = load_iris(return_X_y=True)
    text = "cross_entropy(A*relu(B*X + C) + D, onehot(y, 3))"
    problem = af.Problem(text, {"X": X.T, "y": y}, weights={"B": (10, None)})
    optimizers = {f"{label}: lr = {lr}": af.SGD(lr) for label, lr in RATES.items()}
    af.compare(problem, optimizers, epochs=100, seed=0, resolution=resolution).plot().savefig(out)

    print("| learning rate | loss after 100 steps | runs that end at log 3 |\n|---|--:|--:|")
    for label, lr in RATES.items():
        ends = np.array([problem.train(af.SGD(lr), 100, seed).loss[-1] for seed in range(seeds)])
        stuck = (abs(ends - np.log(3)) < 1e-3).sum()
        print(f"| {label}, {lr} | {np.median(ends):.3f} | {stuck} of {seeds} |")
