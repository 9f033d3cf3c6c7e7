"""How the loss is trained: the optimizer with its settings, epochs, seed, batches.

In: [training] of a document. Out: the same as a person changed it. Optimizers and settings are the library's table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from ...optimizers import OPTIMIZERS, find
from ...optimizers.settings import settings
from .fields import ABSENT, Choice, Field, Flag, TextField, listed, number, whole, written
from .section import FieldSection

TIPS = {
    "lr": "The learning rate, more than 0; up and down step",
    "momentum": "How much of the last step is kept, at least 0 and less than 1",
    "nesterov": "Look ahead along the momentum",
    "dampening": "The share of each new gradient that momentum leaves out",
    "weight_decay": "Times the weight is added to its gradient, at least 0",
    "decoupled_weight_decay": "Weight decay acts on the weights, not through the gradient",
    "betas": "The decay of the first and the second moment, two numbers of at least 0 and less than 1",
    "eps": "Added to the denominator, at least 0",
    "amsgrad": "The largest second moment so far, not the last",
    "lr_decay": "The learning rate is divided by 1 + (step - 1) times this",
    "initial_accumulator_value": "Where the sum of squared gradients starts",
    "rho": "The decay of both means, at least 0 and less than 1",
    "alpha": "The decay of the mean of squared gradients, at least 0 and less than 1",
    "centered": "Divide by the deviation from the mean gradient",
    "momentum_decay": "How fast the look-ahead's momentum grows",
}
"""A line for each setting."""

FREQUENT = ("momentum", "nesterov")
"""Settings that are always in sight."""

FIRST_LR, FIRST_EPOCHS = "0.01", "100"
"""What stands there when an optimizer is chosen where there was none."""


def titled(setting: str) -> str:
    """A setting's name for people."""
    known = {"lr": "Learn&ing rate", "lr_decay": "Rate decay", "initial_accumulator_value": "Initial sum"}
    return known.get(setting, setting.replace("_", " ").capitalize())


class TrainingSection(FieldSection):
    """[training]; without an optimizer there is none."""

    def __init__(self) -> None:
        super().__init__(
            "training", "Trainin&g", "How the weights are trained; without it the surface lies round the start"
        )
        self.rules = ("optimizer",)
        form = self.form()
        options: list[tuple[str, Any]] = [("none: nothing is trained", ABSENT), *((name, name) for name in OPTIMIZERS)]
        tip = "Update rules and defaults of torch.optim"
        self.optimizer = Choice("optimizer", "Optimizer", tip, options)
        self.add("training", "optimizer", "&Optimizer", self.optimizer, form)
        known = list(dict.fromkeys(name for kind in OPTIMIZERS.values() for name in settings(kind)))
        self._setting("lr", form)
        self.epochs = TextField(
            "epochs", "Epochs", "Passes over the data, each one step unless there are batches", "", whole
        )
        self.add("training", "epochs", "Epoch&s", self.epochs, form)
        tip = "Samples of a step, shuffled before every epoch; empty takes all at once"
        self.add(
            "training",
            "batch_size",
            "&Batch size",
            TextField("batch_size", "Batch size", tip, "all samples", whole),
            form,
        )
        tip = "Of the starting weights and of the batches"
        self.add("training", "seed", "Seed", TextField("seed", "Seed", tip, "0", whole, step=1), form)
        for name in FREQUENT:
            self._setting(name, form)
        more = self.form("More settings")
        for name in known:
            if name not in ("lr", *FREQUENT):
                self._setting(name, more)
        precisions: list[tuple[str, Any]] = [
            ("default (float64)", ABSENT),
            ("float32", "float32"),
            ("float64", "float64"),
        ]
        self.add(
            "training",
            "dtype",
            "Precision",
            Choice("dtype", "Precision", "Of the numbers while training", precisions),
            more,
        )
        self.align()
        self.optimizer.finished.disconnect()
        self.optimizer.finished.connect(self._chosen)

    def _setting(self, name: str, form: Any) -> None:
        field: Field
        if name in _FLAGS:
            field = Flag(name, titled(name), TIPS[name])
            self.add("training", name, "", field, form)
            return
        field = TextField(name, titled(name), TIPS[name], "", listed if name == "betas" else number)
        self.add("training", name, titled(name), field, form)

    def _chosen(self) -> None:
        """Another optimizer: what it must have is there at once."""
        for key, first in (("lr", FIRST_LR), ("epochs", FIRST_EPOCHS)):
            field = self.fields["training", key]
            if field.value is ABSENT and self.optimizer.value is not ABSENT:
                field.show_value(float(first) if key == "lr" else int(first))
        self.arrange()
        self.finished.emit("training", self.optimizer)

    def wanted(self, section: str, key: str) -> bool:
        name = self.optimizer.value
        if key == "optimizer":
            return True
        if name is ABSENT or name is None:
            return False
        return key in ("epochs", "seed", "batch_size", "dtype") or key in settings(find(name))

    def arrange(self) -> None:
        super().arrange()
        name = self.optimizer.value
        assert self.more is not None
        self.more.setVisible(isinstance(name, str))
        if not isinstance(name, str):
            self.more.fold(True)
        else:
            for key, default in settings(find(name)).items():
                field = self.fields["training", key]
                if isinstance(field, TextField):
                    field.suggest("" if default is MISSING else written(default))

    def show_document(self, document: Mapping[str, Any]) -> None:
        """Fill all fields."""
        self.show_keys(document)
        self.summarize(document)

    def summarize(self, document: Mapping[str, Any]) -> None:
        """Say in the header what a document has."""
        section = document.get("training")
        if section is None:
            self.summary.say("none")
        else:
            epochs = section["epochs"]
            self.summary.say(f"{section['optimizer']}, lr {section['lr']}, {epochs:,} epoch{'s' * (epochs != 1)}")


_FLAGS = frozenset(
    name for kind in OPTIMIZERS.values() for name, default in settings(kind).items() if isinstance(default, bool)
)
"""The settings that are switches."""
