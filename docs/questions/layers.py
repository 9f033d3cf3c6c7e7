"""What do more layers do? 1, 2, 4 and 8 hidden layers of 10 ReLU units."""

import numpy as np
import typer
from matplotlib.figure import Figure
from sklearn.datasets import load_iris

import atlas_fast as af


@typer.run
def main(resolution: int = 256, seeds: int = 20, out: str = "layers.png") -> None:
    (X, y), figure = load_iris(return_X_y=True), Figure(figsize=(13, 6), dpi=110, layout="constrained")
    figure.suptitle("The loss round the end of an Adam run, along two random directions (cut at 3)")
    print("| hidden layers | weights | loss, Adam | loss, SGD | of the square below log 3 |\n|--:|--:|--:|--:|--:|")
    for place, depth in enumerate([1, 2, 4, 8], start=1):
        lines = [f"H{k} = relu(W{k}*H{k - 1} + b{k})" for k in range(1, depth + 1)]
        lines.append(f"cross_entropy(A*H{depth} + c, onehot(y, 3))")
        problem = af.Problem("\n".join(lines), {"H0": X.T, "y": y}, {f"W{k}": (10, None) for k in range(1, depth + 1)})
        runs = [[problem.train(o, 200, seed) for seed in range(seeds)] for o in (af.Adam(0.01), af.SGD(0.1))]
        adam, sgd = (np.median([run.loss[-1] for run in some]) for some in runs)
        planes = [af.Plane.random(problem, run, seed, "filter") for seed, run in enumerate(runs[0])]
        below = np.median([np.mean(problem.surface(plane, 64, extent=1).loss < np.log(3)) for plane in planes])
        print(f"| {depth} | {problem.size} | {adam:.3f} | {sgd:.3f} | {below:.0%} |")
        s = problem.surface(planes[0], resolution, extent=1)
        axes = figure.add_subplot(2, 4, place, projection="3d", zlim=(0, 3), title=f"{depth} hidden")
        axes.plot_surface(*np.meshgrid(s.a, s.b), s.loss.clip(max=3), cmap="viridis", vmin=0, vmax=3, antialiased=False)
        bands = figure.add_subplot(2, 4, 4 + place).contourf(s.a, s.b, s.loss, np.arange(25) / 8, extend="max")
    figure.colorbar(bands, ax=figure.axes[1::2], label="loss", ticks=range(4))
    figure.savefig(out)
