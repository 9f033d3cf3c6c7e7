"""Atlas Fast: the surface of a loss, computed from its formula.

    import atlas_fast as af
    problem = af.Problem("x^2 + y^2")
    run = problem.train(af.SGD(lr=0.01), epochs=80)
    problem.surface().plot(run).savefig("bowl.png")

Every name loads its module when it is first used, so that the import itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arguments import ArgumentError as ArgumentError
    from .comparison import Comparison as Comparison
    from .comparison import compare as compare
    from .data import datasets as datasets
    from .data.scaling import Scaling as Scaling
    from .data.split import split as split
    from .data.table import OneHot as OneHot
    from .data.table import Table as Table
    from .errors import AtlasError as AtlasError
    from .errors import DataError as DataError
    from .errors import DeviceError as DeviceError
    from .errors import ExpressionError as ExpressionError
    from .errors import ShapeError as ShapeError
    from .errors import StoreError as StoreError
    from .errors import WorkspaceError as WorkspaceError
    from .links import open_link as open_link
    from .links import open_workspace as open_workspace
    from .links import share as share
    from .optimizers import SGD as SGD
    from .optimizers import Adadelta as Adadelta
    from .optimizers import Adagrad as Adagrad
    from .optimizers import Adam as Adam
    from .optimizers import Adamax as Adamax
    from .optimizers import AdamW as AdamW
    from .optimizers import NAdam as NAdam
    from .optimizers import RMSProp as RMSProp
    from .path import Path as Path
    from .planes import Plane as Plane
    from .problem import Problem as Problem
    from .storage import load as load
    from .surface import Surface as Surface
    from .training import Run as Run
    from .workspace import Workspace as Workspace

__version__ = "0.1.0"

_MODULES = {
    "Adadelta": "optimizers",
    "Adagrad": "optimizers",
    "Adam": "optimizers",
    "AdamW": "optimizers",
    "Adamax": "optimizers",
    "ArgumentError": "arguments",
    "AtlasError": "errors",
    "Comparison": "comparison",
    "DataError": "errors",
    "DeviceError": "errors",
    "ExpressionError": "errors",
    "NAdam": "optimizers",
    "OneHot": "data.table",
    "Path": "path",
    "Plane": "planes",
    "Problem": "problem",
    "RMSProp": "optimizers",
    "Run": "training",
    "SGD": "optimizers",
    "Scaling": "data.scaling",
    "ShapeError": "errors",
    "StoreError": "errors",
    "Surface": "surface",
    "Table": "data.table",
    "Workspace": "workspace",
    "WorkspaceError": "errors",
    "compare": "comparison",
    "load": "storage",
    "open_link": "links",
    "open_workspace": "links",
    "share": "links",
    "split": "data.split",
}
"""Where each public name lives."""

__all__ = sorted([*_MODULES, "datasets", "__version__"])


def __getattr__(name: str) -> Any:
    if name == "datasets":
        value: Any = import_module(".data.datasets", __name__)
    elif name in _MODULES:
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    else:
        # Python adds its own suggestion to a traceback, and needs the name and the module for it.
        module = import_module(__name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_nearest(name)}", name=name, obj=module)
    globals()[name] = value
    return value


def _nearest(name: str) -> str:
    """The public name that was probably meant, for a message; nothing for names that Python itself asks for."""
    if name.startswith("_"):
        return ""
    from difflib import get_close_matches

    folded = {public.casefold(): public for public in __all__}
    near = get_close_matches(name.casefold(), folded, 1, 0.7)
    return f": the nearest name is {folded[near[0]]}" if near else ""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
