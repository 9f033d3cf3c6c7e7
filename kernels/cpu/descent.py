"""The loop of training as one LLVM function, which calls two compiled kernels a step by their addresses.

In: a number format, the lanes of the kernel of the rule, how many numbers the rule has a step and what it gives back.
Out: the text of `steps(job)`, whose one argument is a table of int64: the fields of `FIELDS`, in that order.
The same code serves every problem of an optimizer: all sizes are fields.
"""

from __future__ import annotations

from .arithmetic import FORMATS, Constant
from .code import Code, Index
from .vector import Vector

ENTRY = "steps"

FIELDS = (
    "steps",  # how many to take
    "calls",  # for each step the address of a gradient's kernel and that of its table
    "call_stride",  # 2, or 0 where all steps make the same call
    "slopes",  # where the gradient's kernel leaves the loss and the derivatives
    "numbers",  # the rule's numbers, a row a step
    "rule",  # the address of the rule's kernel
    "rule_table",  # its table, whose first entries are the addresses of its numbers
    "rule_out",  # where it leaves the new weights and the new state: blocks x outputs x lanes
    "blocks",  # of weights, each one vector
    "size",  # weights in all
    "places",  # addresses of the arrays of the weights and of the state, blocks x lanes each
    "record",  # the weights after each step, a row of blocks x lanes a step
    "losses",  # the loss that each step starts from
    "scratch",  # for either kernel
    "stop",  # the flag: where it is not 0, the step that is under way is left out and the loop ends
    "done",  # written: how many steps were taken
)


COUNTS = frozenset({"steps", "call_stride", "blocks", "size", "done"})
"""The fields that are numbers; the others are addresses."""


def emit(dtype: str, lanes: int, numbers: int, outputs: int) -> str:
    """The module's text. The loop ends behind the first step whose loss or weights are not finite."""
    return _Loop(dtype, lanes, numbers, outputs).module()


class _Loop:
    def __init__(self, dtype: str, lanes: int, numbers: int, outputs: int) -> None:
        self.code, self.form = Code(), FORMATS[dtype]
        self.lanes, self.numbers, self.outputs = lanes, numbers, outputs
        self.vector, self.scalar = Vector(self.code, self.form, lanes), Vector(self.code, self.form, 1)

    def module(self) -> str:
        code = self.code
        self.field = {
            name: self._word("%job", number, "i64" if name in COUNTS else "ptr") for number, name in enumerate(FIELDS)
        }
        self.places = [self._word(self.field["places"], output, "ptr") for output in range(self.outputs)]
        self.alive = code.slot("i1")
        code.store("i1", "true", self.alive, 1)
        self._count(0)
        code.for_each(0, self.field["steps"], 1, self._step_if_alive)
        return code.function(ENTRY, "ptr %job")

    def _word(self, base: str, index: Index, kind: str) -> str:
        return self.code.load(kind, self.code.address(base, index, "i64"), 8)

    def _count(self, steps: Index) -> None:
        self.code.store("i64", str(self.code.number(steps)), self.code.address("%job", FIELDS.index("done"), "i64"), 8)

    def _step_if_alive(self, step: Index) -> None:
        self.code.when(self.code.load("i1", self.alive, 1), lambda: self._step(step))

    def _step(self, step: Index) -> None:
        code, name, size = self.code, self.form.name, self.form.size
        call = code.address(self.field["calls"], code.mul(step, self.field["call_stride"]), "i64")
        self._call(self._word(call, 0, "ptr"), self._word(call, 1, "ptr"), "1")
        code.leave_if(self.field["stop"])
        loss = code.load(name, self.field["slopes"], size)
        code.store(name, loss, code.address(self.field["losses"], step, name), size)
        row = code.address(self.field["numbers"], code.mul(step, self.numbers), name)
        for number in range(self.numbers):
            code.store("ptr", code.address(row, number, name), code.address(self.field["rule_table"], number, "i64"), 8)
        self._call(self.field["rule"], self.field["rule_table"], self.field["blocks"])
        code.for_each(0, self.field["blocks"], 1, self._hand_back)
        self._record(step, loss)
        self._count(code.add(step, 1))

    def _call(self, kernel: str, table: str, count: str) -> None:
        scratch = self.field["scratch"]
        self.code.do(f"call void {kernel}(ptr {table}, i64 0, i64 0, i64 {count}, ptr {scratch})")

    def _hand_back(self, block: Index) -> None:
        """What the rule gives back for one block of weights, where the next step reads it."""
        code, kind, size = self.code, self.vector.type, self.form.size
        for output in range(self.outputs):
            found = code.add(code.mul(block, self.outputs), output)
            value = code.load(kind, code.address(self.field["rule_out"], found, kind), size)
            code.store(kind, value, code.address(self.places[output], block, kind), size)

    def _record(self, step: Index, loss: str) -> None:
        """Note the weights, and whether they and the loss are finite: 0 x is 0 or else nan."""
        code, size = self.code, self.form.size
        weights, scalar = self.places[0], self.scalar
        row = code.address(self.field["record"], code.mul(step, self.field["blocks"]), self.vector.type)
        count = self.field["size"]
        whole = code.let(f"udiv i64 {count}, {self.lanes}")
        sums = {}

        def note(vector: Vector, start: Index, stop: Index) -> None:
            sums[vector] = slot = code.slot(vector.type)
            code.store(vector.type, vector.real(Constant(0.0)), slot, size)

            def element(index: Index) -> None:
                value = code.load(vector.type, code.address(weights, index, vector.type), size)
                code.store(vector.type, value, code.address(row, index, vector.type), size)
                total = vector.fma(value, Constant(0.0), code.load(vector.type, slot, size))
                code.store(vector.type, vector.real(total), slot, size)

            code.for_each(start, stop, 1, element)

        note(self.vector, 0, whole)
        if self.lanes > 1:
            note(scalar, code.mul(whole, self.lanes), count)
        total = scalar.mul(loss, Constant(0.0))
        for vector, slot in sums.items():
            total = scalar.add(total, vector.folded(code.load(vector.type, slot, size), "sum"))
        code.store("i1", scalar.compare("oeq", total, Constant(0.0)).name, self.alive, 1)
