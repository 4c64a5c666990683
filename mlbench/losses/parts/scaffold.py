"""`mlbench new loss NAME`: a file with a loss that works, and a test of it, to change into one's own."""

from __future__ import annotations

import re
from pathlib import Path

from mlbench.errors import ConfigError
from mlbench.registry import LOSSES

LOSS = '''from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import softplus

from mlbench import Choice, register_loss
from mlbench.losses.parts.checks import nonnegative
from mlbench.losses.parts.elementwise import ElementwiseLoss


@register_loss("{name}")
class {cls}(ElementwiseLoss):
    """One line that says what it does: here, the logistic loss with a margin.

        log(1 + e^{{margin − x}}) where y = 1,   log(1 + e^{{margin + x}}) where y = 0

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`.
    Errors: ValueError for a margin below 0.
    Source: author, year, title, link; where the constants come from, and where published code differs.
    """

    needs = {{"logits"}}
    search_space = {{"margin": Choice(0.0, 0.5, 1.0)}}

    def __init__(self, margin: float = 0.5, reduction: Literal["mean", "batchmean", "sum"] = "mean") -> None:
        super().__init__(reduction)
        self.margin = nonnegative("margin", margin)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        return softplus(self.margin + logits * (1 - 2 * targets))
'''

TEST = '''"""`{name}` against sums written from its formula."""

from __future__ import annotations
{imports}
import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from mlbench.losses.conformance import check
from mlbench.losses.conformance.samples import draw
{loading}

def reference(out: Outputs, targets: Tensor, margin: float) -> Tensor:
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        total = total + torch.log(1 + torch.exp(margin + (-x if y == 1 else x)))
    return total / targets.numel()


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_agrees_with_the_formula(margin: float) -> None:
    loss = build_loss("{name}", margin=margin)
    sample = draw(loss, 6, 5)
    value, expected = loss(sample.outputs, sample.targets), reference(sample.outputs, sample.targets, margin)
    torch.testing.assert_close(value, expected)
    leaves = list(sample.leaves.values())
    torch.testing.assert_close(torch.autograd.grad(value, leaves), torch.autograd.grad(expected, leaves))


def test_passes_the_conformance_suite() -> None:
    assert [str(verdict) for verdict in check("{name}") if verdict.passed is False] == []
'''

LOADING = """from mlbench.registry import load_plugins

load_plugins([Path(__file__).with_name("{name}.py")])
"""


def new_loss(name: str, folder: Path | None = None) -> list[Path]:
    """Write a loss and its test, and return the two files; as they stand they pass `mlbench check`.

    Both go into `folder`, as a loose file for `--plugin`. Without one, in a checkout of mlbench they go where
    its losses and tests stand, else into the current folder. Raises ConfigError for a name that is no Python
    name in lower case or is taken, or a file that is there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(
            f"{name!r} cannot name a loss: use lower-case letters, digits and _, a letter first"
        )
    if name in LOSSES:
        raise ConfigError(f"loss {name!r} is already registered; choose another name")
    here = Path.cwd()
    in_tree = folder is None and (here / "mlbench/losses/base.py").is_file()
    homes = (here / "mlbench/losses", here / "tests/losses") if in_tree else (folder or here,) * 2
    files = {
        homes[0] / f"{name}.py": LOSS.format(name=name, cls="".join(map(str.capitalize, name.split("_")))),
        homes[1] / f"test_{name}.py": TEST.format(
            name=name,
            imports="" if in_tree else "\nfrom pathlib import Path\n",
            loading="" if in_tree else LOADING.format(name=name),
        ),
    }
    for file in files:
        if file.exists():
            raise ConfigError(f"{file} is there already; choose another name or folder")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(files)
