"""What a metric is, to this package and to whoever adds one.

    @mlbench.register_metric("f2_macro")
    class MacroF2(Metric):
        \"\"\"The mean over labels of F2, which counts a missed label four times a false one.\"\"\"
        kind = "decision"
        direction = "higher"
        bounds = (0.0, 1.0)
        formula = "mean_l 5 tp_l / (5 tp_l + 4 fn_l + fp_l)"
        by_label = True

        def __call__(self, view: Decisions) -> Tensor:
            label = view.labels
            return 5 * label.true_positives / (4 * label.positives + label.predicted).clamp(min=1)

A file with this, dropped into `builtin/` or given as `--plugin`, puts `f2_macro@label`,
`f2_macro@label/tail` and so on into every record, table and rescore. The declarations are literals: they are
read from the source. One class may be registered under several names that differ in a cut-off, such as
`precision_at_3`; it finds the number in `self.k`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mlbench.registry import METRICS

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["ranking", "decision", "calibration"]


class Metric(ABC):
    """A number of one split.

    - `kind` says what it is given: "ranking" `Orders` (of the scores), "decision" `Decisions`
      (yes or no, once for each threshold policy, which then stands in the key), "calibration"
      `Probabilities`.
    - `direction` "higher" or "lower" is better; `bounds` its least and greatest value, None where there is
      none; `formula` in a line; the docstring's first line explains it.
    - `by_label`: it returns one number per label, float64 [L], NaN where the label has none. They are
      averaged over the labels that have a positive in the split, over all and by frequency bucket. Otherwise
      it returns a scalar tensor. Nothing may leave the device.
    - `ranked`: whether losses may be ordered by it.
    - `bootstrapped`: whether its replicates over test samples are stored. Such a metric reads its view
      through sample means, label counts and label rankings only, and sums over labels by `sum(-1)`: for R
      replicates `labels` are [R, L], and it returns [R] for a scalar, [R, L] by label.
    """

    kind: ClassVar[Kind]
    direction: ClassVar[Literal["higher", "lower"]]
    bounds: ClassVar[tuple[float | None, float | None]]
    formula: ClassVar[str]
    by_label: ClassVar[bool] = False
    ranked: ClassVar[bool] = True
    bootstrapped: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def k(self) -> int:
        """The rank cut-off at the end of the name it is registered under."""
        return int(self.name.rsplit("_", 1)[-1])

    @abstractmethod
    def __call__(self, view: Any) -> Tensor:
        """The number, or the numbers of the labels; NaN where it is not defined."""


def registered_metrics() -> Iterator[tuple[str, Metric]]:
    """Every registered metric by name; imports their modules."""
    for name in METRICS.names():
        yield name, METRICS.get(name)(name)
