"""Every registered loss passes the conformance suite, has a test and a search space; a broken one fails."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlbench.errors import ConfigError
from mlbench.losses.conformance import PROPERTIES, PropertyVerdict, check
from mlbench.losses.conformance.declared import corners, differs
from mlbench.losses.conformance.subject import LossUnderTest
from mlbench.registry import LOSSES, load_plugins
from mlbench.suite import parse_suite
from tests.losses.harness import gradients

BUILT_IN = [name for name in LOSSES.names() if LOSSES.describe(name).origin == "built in"]
PROMISED = {
    "logits": "bce focal asl hill splc apl ral poly1 cb_focal db_focal wan",
    "row or batch": "zlpr two_way pairwise_exp lsep soft_f1 multilabel_softmax",
    "embeddings": "supcon jaccard_supcon mulsupcon simdis multisupcon prototype msc reg",
    "joint": "kmcl mulcon bce_supcon jscl",
}
"""Losses that published records and suites name. A new loss need not stand here."""


def test_every_loss_promised_is_registered() -> None:
    assert set(" ".join(PROMISED.values()).split()) <= set(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_passes_the_conformance_suite(name: str) -> None:
    verdicts = check(name)
    assert len(verdicts) == len(PROPERTIES)
    assert [str(verdict) for verdict in verdicts if verdict.passed is False] == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_has_a_test_of_its_own_and_a_search_space(name: str) -> None:
    module = importlib.import_module(f"tests.losses.test_{name}")
    assert hasattr(module, "test_agrees_with_the_formula"), f"tests/losses/test_{name}.py compares no formula"
    assert "search_space" in LOSSES.describe(name).attributes


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_has_no_effect_is_declared(name: str) -> None:
    """Under 0, or a corner of its range, of one parameter no searched one is idle, but where the loss says so."""
    subject = LossUnderTest(LOSSES.describe(name))
    space = {
        name: corners(space)
        for name, space in subject.declaration.attributes["search_space"].items()
        if not name.startswith("train.")
    }
    found: dict[str, dict[str, object]] = {}
    for searched, values in space.items():
        for other in subject.declaration.parameters:
            if other.name == searched or isinstance(other.default, str):
                continue
            number = isinstance(other.default, float) and not isinstance(other.default, bool)
            for value in [*space.get(other.name, ()), *([0.0] if number else [])]:
                with contextlib.suppress(ValueError):
                    under = {other.name: value}
                    if teaches(subject, under) and not differs(subject, searched, values, under):
                        found.setdefault(searched, {})[other.name] = value
    assert found == dict(subject.declaration.attributes.get("without_effect", {}))


@pytest.mark.parametrize("name", BUILT_IN)
def test_its_docstring_gives_formula_shapes_and_source(name: str) -> None:
    doc = LOSSES.describe(name).doc
    for part in ("Shapes:", "Source:"):
        assert part in doc
    assert complaint_about_formula(doc) is None
    assert len(LOSSES.describe(name).file.read_text(encoding="utf-8").splitlines()) < 110


def complaint_about_formula(doc: str) -> str | None:
    """What is wrong with the formula of a loss's docstring: it stands below the first line, in indented lines, each
    broken where the formula allows it."""
    _, *paragraphs = doc.split("\n\n")
    lines = paragraphs[0].split("\n") if paragraphs else []
    if not lines or not all(line.startswith("    ") for line in lines):
        return "the paragraph below the first line is not indented"
    if not "\n\n".join(["", *paragraphs[1:]]).count("\nShapes:"):
        return "no line below the formula begins with Shapes:"
    stripped = [line.strip() for line in lines]
    if any(line.endswith("=") for line in stripped):
        return "a line of the formula ends in ="
    first_words = [line.split()[0] for line in stripped[1:]]
    widest = max(map(len, stripped))
    # A formatter breaks a line just where the next word would pass the margin.
    if (
        len(stripped) > 2
        and widest > 85
        and all(len(line) + 1 + len(word) > widest for line, word in zip(stripped, first_words, strict=False))
    ):
        return "the formula was filled into a paragraph"
    return None


FILLED = """    anchors: batch ∪ prototypes; candidates: these and, where there is one, the memory; a prototype's
    label set is its own label f_ij = (|y_i ∩ y_j| / |y_j|)^α;   α < 0: 1 where y_j ⊆ y_i, else 0; w_ij
    = (1/|y_i|) Σ_{c∈y_i∩y_j} f_ij / Σ_{k≠i: c∈y_k} f_ik,   σ_ij = softmax_{k≠i}(s_ij/τ) (1/A) Σ_i −Σ_j
    w_ij log σ_ij"""
FORMULAS = {
    "    a = b,   b = c\n    their sum over the labels\n    c = d": None,
    "    −[y log p\n      + (1 − y) log q]": None,
    "a = b": "the paragraph below the first line is not indented",
    "    a =\n    b": "a line of the formula ends in =",
    FILLED: "the formula was filled into a paragraph",
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_that_cannot_be_read_is_noticed(formula: str) -> None:
    doc = f"What it does.\n\n{formula}\n\nShapes: [B, L].\nSource: none."
    assert complaint_about_formula(doc) == FORMULAS[formula]
    assert complaint_about_formula(doc.replace("Shapes:", "It has no")) is not None


BROKEN = {
    "its source says what it is": """
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return out.logits.mean()
""",
    "returns a connected scalar": '''
    """One value a row."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean(dim=1)
''',
    "finite on hard inputs": '''
    """The logarithm of a probability that rounds to 0."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return -((1 - targets) * (1 - out.logits.sigmoid()).log()).mean()
''',
    "gradient is the derivative": '''
    """A detached weight that is not declared."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return (out.logits.detach() * out.logits * (1 - targets)).mean()
''',
    "order of samples does not matter": '''
    """The first sample counts twice."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        value = softplus(out.logits * (1 - 2 * targets)).mean(dim=1)
        return value.mean() + value[0]
''',
    "order of labels does not matter": '''
    """The first label counts twice."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        value = softplus(out.logits * (1 - 2 * targets)).mean(dim=0)
        return value.mean() + value[0]
''',
    "takes half precision": '''
    """A constant in float64 raises the value."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).double().mean()
''',
    "same on repeated calls": '''
    """Noise."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets) + torch.randn_like(out.logits)).mean()
''',
    "refuses targets out of range": '''
    """Soft targets that are not what the formula says."""
    needs = {"logits"}
    soft_targets = True
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "descent does its job": '''
    """The sign is wrong."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (2 * targets - 1)).mean()
''',
    "per_sample as declared": '''
    """It sees the batch and says that it does not."""
    needs = {"logits"}
    per_sample = True
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean().square()
''',
    "reductions agree": '''
    """A reduction that it ignores."""
    needs = {"logits"}
    search_space = {}
    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "looks at no values": '''
    """It waits for the device."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean() * (2 if targets.sum().item() > 3 else 1)
''',
    "compiles whole": '''
    """It breaks the graph."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        torch._dynamo.graph_break()
        return softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "identities hold": '''
    """It claims to be BCE."""
    needs = {"logits"}
    identities = (({}, "bce", {}),)
    search_space = {}
    def forward(self, out, targets):
        return 2 * softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "unknown entries play no part": '''
    """It takes what is unknown for absent."""
    needs = {"logits"}
    accepts = {"known"}
    search_space = {}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "state moves in training alone": '''
    """It counts calls in evaluation mode too."""
    needs = {"logits"}
    stateful = True
    search_space = {}
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
    def forward(self, out, targets):
        self.calls += 1
        return softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "search space is of its parameters": '''
    """A range for nothing."""
    needs = {"logits"}
    search_space = {"gamma": Choice(1.0, 2.0)}
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean()
''',
    "without effect as declared": '''
    """A weight of 0 that leaves its part on."""
    needs = {"logits"}
    search_space = {"scale": Choice(1.0, 2.0)}
    without_effect = {"scale": {"weight": 0.0}}
    def __init__(self, scale: float = 1.0, weight: float = 1.0) -> None:
        super().__init__()
        self.scale, self.weight = scale, weight
    def forward(self, out, targets):
        return softplus(self.scale * out.logits * (1 - 2 * targets)).mean() * (1 + self.weight)
''',
}
HEAD = """
import torch
from torch.nn.functional import softplus
from mlbench import Choice, Loss, register_loss

@register_loss("{name}")
class Broken(Loss):"""


@pytest.fixture
def forget_plugins() -> Iterator[None]:
    """Losses registered by a test are not registered in the next one."""
    kept = dict(LOSSES._plugins), dict(LOSSES._objects)
    yield
    LOSSES._plugins, LOSSES._objects = kept


def test_every_property_has_a_loss_that_breaks_it() -> None:
    assert set(BROKEN) == {wanted.name for wanted in PROPERTIES}


COPIES = '''
    """It makes a tensor of numbers for every batch."""
    needs = {"logits"}
    search_space = {}
    def forward(self, out, targets):
        weight = torch.arange(targets.shape[1], dtype=targets.dtype).to(targets.device)
        return (weight * softplus(out.logits * (1 - 2 * targets))).mean()
'''


@pytest.mark.usefixtures("forget_plugins")
def test_a_copy_to_the_device_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "copies.py"
    file.write_text(HEAD.format(name="copies") + COPIES, encoding="utf-8")
    load_plugins([file])
    failed = {verdict.property: verdict.detail for verdict in check("copies") if verdict.passed is False}
    assert "it copies a tensor between cpu and meta" in failed["looks at no values"]


NO_SCALARS = {
    "value.mean(dim=1)": "ValueError: Broken must return a scalar, got [6]; take the mean or the sum (odd.py, line 11)",
    "3.0": "TypeError: Broken must return a scalar tensor, got 3.0 (float) (odd.py, line 11)",
    "value.mean() * float('nan')": "the value of an ordinary batch is nan",
    "value.detach().mean()": "the value is not connected to the outputs: something detaches it, or makes it anew",
    "(value * value.sum(dim=1)).mean()": "RuntimeError: The size of tensor a (5) must match the size of tensor b (6) "
    "at non-singleton dimension 1 (odd.py, line 13)",
}


@pytest.mark.usefixtures("forget_plugins")
@pytest.mark.parametrize("returned", NO_SCALARS)
def test_what_is_no_scalar_is_said_once(returned: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    body = BROKEN["returns a connected scalar"].replace(
        "return softplus(out.logits * (1 - 2 * targets)).mean(dim=1)",
        f"value = softplus(out.logits * (1 - 2 * targets))\n        return {returned}",
    )
    file.write_text(HEAD.format(name="odd") + body, encoding="utf-8")
    load_plugins([file])
    verdicts = check("odd")
    assert [verdict.detail for verdict in verdicts if verdict.passed is False] == [NO_SCALARS[returned]]
    assert [verdict.detail for verdict in verdicts[2:]] == ["not checked"] * (len(PROPERTIES) - 2)


READS_A_VALUE = """
        if targets.sum() > 3:
            return value.mean()
        return 2 * value.mean()
"""
FAILS_ON_TOP = """
        if value.device.type == "meta":
            raise RuntimeError("another reason")
        return value.mean()
"""


@pytest.mark.usefixtures("forget_plugins")
@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (READS_A_VALUE, "it reads a tensor's value, or makes a tensor on the wrong device: "),
        (FAILS_ON_TOP, "RuntimeError: another reason (top.py, line 14)"),
    ],
)
def test_only_what_lacks_a_value_reads_one(rest: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "top.py"
    body = BROKEN["returns a connected scalar"].replace(
        "return softplus(out.logits * (1 - 2 * targets)).mean(dim=1)",
        f"value = softplus(out.logits * (1 - 2 * targets)){rest}",
    )
    file.write_text(HEAD.format(name="top") + body, encoding="utf-8")
    load_plugins([file])
    failed = {verdict.property: verdict.detail for verdict in check("top") if verdict.passed is False}
    assert failed["looks at no values"].startswith(said)


@pytest.mark.usefixtures("forget_plugins")
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_loss_fails(broken: str, tmp_path: Path) -> None:
    name = "broken_" + broken.replace(" ", "_").replace("'", "")
    file = tmp_path / f"{name}.py"
    file.write_text(HEAD.format(name=name) + BROKEN[broken], encoding="utf-8")
    load_plugins([file])
    failed = {verdict.property: verdict for verdict in check(name) if verdict.passed is False}
    assert broken in failed
    assert failed[broken].detail


@pytest.mark.usefixtures("forget_plugins")
def test_a_file_that_does_not_import_is_a_failed_verdict(tmp_path: Path) -> None:
    file = tmp_path / "unimportable.py"
    file.write_text(HEAD.format(name="unimportable") + "\n    needs = undefined\n", encoding="utf-8")
    load_plugins([file])
    (verdict,) = check("unimportable")
    assert verdict == PropertyVerdict(
        "it can be imported", False, "NameError: name 'undefined' is not defined"
    )
    assert str(verdict).startswith("FAIL  it can be imported: NameError")


def teaches(subject: LossUnderTest, parameters: dict[str, object]) -> bool:
    """Whether a loss with these parameters has a gradient at all."""
    loss, sample = subject.ready(8, 5, parameters)
    return any(slope.any() for slope in gradients(loss(sample.outputs, sample.targets), sample).values())


SPACES = {
    '"train.queue": Choice(0, 64)': "has 'train.queue', but only a loss with \"memory\" in `accepts` uses the queue",
    '"train.views": Choice(1, 2)': "has 'train.views', but only a loss that needs embeddings compares the views",
    '"train.epochs": Choice(1, 2)': "has 'train.epochs'; of the protocol a loss may name train.queue, train.views",
    '"gama": Choice(1.0, 2.0)': "has 'gama', which is no parameter; did you mean 'gamma'?",
}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.usefixtures("forget_plugins")
def test_a_loss_names_only_what_it_can_use(space: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    body = f'''
    """BCE with a range too many."""
    needs = {{"logits"}}
    search_space = {{{space}}}
    def __init__(self, gamma: float = 1.0) -> None:
        super().__init__()
    def forward(self, out, targets):
        return softplus(out.logits * (1 - 2 * targets)).mean()
'''
    file.write_text(HEAD.format(name="broken") + body, encoding="utf-8")
    load_plugins([file])
    verdict = next(one for one in check("broken") if one.property == "search space is of its parameters")
    assert SPACES[space] in verdict.detail
    tuned = 'name = "t"\nseeds = [0, 1, 2]\nfractions = [1.0]\nlosses = ["broken"]\n[tuning]\ntrials = 2\n'
    tuned += '[[datasets]]\nname = "digit-scenes"\nencoder = "conv"\n'
    with pytest.raises(
        ConfigError, match=re.escape(f"t.toml, losses[0]: loss 'broken' ({file}): search_space")
    ):
        parse_suite(tuned, "t.toml")
