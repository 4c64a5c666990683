"""Names from files, plugins and calls; read by ast, imported only when got."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlbench.code.declarations import REQUIRED, read_declarations
from mlbench.errors import ConfigError, UnknownNameError
from mlbench.registry import LOSSES, REGISTRIES, Registry, fold, load_plugins
from mlbench.search_space import Choice, Uniform

PLUGIN = '''
"""A loss of one's own."""
from mlbench import Choice, Loss, register_loss

print("imported")

class Base(Loss):
    needs = {{"logits"}}
    version = 3

@register_loss("{name}")
class Mine(Base):
    """Squares of the logits.

    More about it.
    """
    per_sample = True
    search_space = {{"weight": Choice(1.0, 2.0)}}

    def __init__(self, weight: float = 1.0, kind: str = "a") -> None:
        super().__init__()
        self.weight = weight

    def forward(self, out, targets):
        return self.weight * (out.logits ** 2).mean()
'''


@pytest.fixture
def registry() -> Registry[object]:
    return Registry("loss", "losses", decorator="register_loss", stem_is_name=True)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    file = tmp_path / "my_loss.py"
    file.write_text(PLUGIN.format(name="my-loss"))
    return file


def test_listing_describing_and_ids_import_no_torch() -> None:
    code = (
        "import sys, mlbench\n"
        "from mlbench.registry import REGISTRIES\n"
        "from mlbench.suite import find_suite, load_suite\n"
        "for registry in REGISTRIES:\n"
        "    for name in registry: registry.describe(name)\n"
        "cells = load_suite(find_suite('quick')).cells()\n"
        "assert len(cells[0].id('0' * 32)) == 20\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_built_in_loss_is_named_by_its_file() -> None:
    declared = LOSSES.describe("bce")
    assert declared.file.stem == "bce"
    assert declared.module == "mlbench.losses.bce"
    assert declared.origin == "built in"
    assert declared.problems == ()


def test_dash_and_underscore_are_one() -> None:
    assert LOSSES.describe("CB-focal").name == LOSSES.describe("cb_focal").name == "cb_focal"
    assert "cb-focal" in LOSSES
    assert fold("A-b_C") == "a_b_c"


@pytest.mark.parametrize("name", [name for registry in REGISTRIES for name in registry.names()])
def test_everything_built_in_can_be_read_without_a_problem(name: str) -> None:
    for registry in REGISTRIES:
        if name in registry:
            declared = registry.describe(name)
            assert declared.summary
            assert declared.problems == ()


def test_an_unknown_name_comes_with_the_nearest_known() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown loss 'bec'; did you mean .*'bce'"):
        LOSSES.describe("bec")


def test_a_plugin_is_read_before_it_is_run(registry: Registry[object], plugin: Path, capsys) -> None:
    assert registry.load_plugin(plugin) == ["my-loss"]
    declared = registry.describe("my_loss")
    assert capsys.readouterr().out == ""
    assert declared.origin == "plugin"
    assert declared.summary == "Squares of the logits."
    assert declared.version == 3, "inherited from a class of the same file"
    assert declared.attributes["search_space"] == {"weight": Choice(1.0, 2.0)}
    assert [(p.name, p.default) for p in declared.parameters] == [("weight", 1.0), ("kind", "a")]


def test_a_plugin_is_built_with_checked_parameters(plugin: Path) -> None:
    """In a process of its own, as the global registry keeps what it was given."""
    code = (
        "import sys, torch, mlbench\n"
        "from pathlib import Path\n"
        "from mlbench.registry import load_plugins\n"
        f"load_plugins([Path({str(plugin)!r})])\n"
        "loss = mlbench.build_loss('my-loss', weight=2)\n"
        "assert float(loss(torch.ones(2, 3), torch.zeros(2, 3))) == 2.0\n"
        "try: mlbench.build_loss('my-loss', wieght=2)\n"
        "except mlbench.errors.ConfigError as error: assert \"did you mean 'weight'\" in str(error), error\n"
        "else: raise SystemExit('a wrong parameter passed')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_source_hash_follows_the_source(plugin: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(plugin.read_text().replace("** 2", "** 4"))
    (mine,), (changed,) = (read_declarations(file, "register_loss") for file in (plugin, other))
    assert mine.source_hash != changed.source_hash
    other.write_text("# A remark.\n" + plugin.read_text().replace("** 2", "**  2"))
    assert read_declarations(other, "register_loss")[0].source_hash == mine.source_hash


def test_a_name_that_is_taken_is_an_error(registry: Registry[object], plugin: Path, tmp_path: Path) -> None:
    registry.load_plugin(plugin)
    twin = tmp_path / "twin.py"
    twin.write_text(PLUGIN.format(name="my_loss"))
    with pytest.raises(ConfigError, match="already registered"):
        registry.load_plugin(twin)
    twin.write_text(PLUGIN.format(name="bce"))
    with pytest.raises(ConfigError, match="already registered"):
        registry.load_plugin(twin)


def test_registering_at_run_time_refuses_what_is_built_in(registry: Registry[object]) -> None:
    with pytest.raises(ConfigError, match="built in"):

        @registry.register("asl")
        class Imposter:
            pass


def test_two_objects_of_one_name_collide(registry: Registry[object]) -> None:
    registry.register("mine")(type("A", (), {}))
    with pytest.raises(ConfigError, match="already registered by"):
        registry.register("mine")(type("B", (), {}))


def test_plugins_that_register_nothing_or_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_plugins([tmp_path / "nowhere.py"])
    empty = tmp_path / "empty.py"
    empty.write_text("x = 1\n")
    with pytest.raises(ConfigError, match="registers nothing"):
        load_plugins([empty])
    broken = tmp_path / "broken.py"
    broken.write_text("def f(:\n")
    with pytest.raises(ConfigError, match=r"broken.py, line 1: not valid Python"):
        load_plugins([broken])


def test_what_is_not_literal_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    file.write_text(
        "@register_loss('odd')\n"
        "class Odd:\n"
        "    needs = set('ab')\n"
        "    search_space = {'a': Uniform(0.0, 1.0)}\n"
        "    def __init__(self, must, a=[1][0], *, b: int = -2, **rest): ...\n"
    )
    (declared,) = read_declarations(file, "register_loss")
    assert len(declared.problems) == 3
    assert declared.attributes["search_space"] == {"a": Uniform(0.0, 1.0)}
    assert [p.name for p in declared.parameters] == ["must", "a", "b"]
    assert declared.parameters[0].default is REQUIRED
    assert declared.parameters[2].default == -2


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("float", [1, 2.5], ["x", None]),
        ("int", [3], [2.5, "3"]),
        ("float | None", [None, 1.0], ["x"]),
        ("Literal['a', 'b']", ["a"], ["c"]),
        ("list[str]", [["a"]], [[1], "a"]),
        ("Literal['balanced'] | float | None", [2.0, "balanced", None], ["other"]),
        ("SomethingElse", [object()], []),
    ],
)
def test_values_are_checked_against_annotations(
    tmp_path: Path, annotation: str, good: list[object], bad: list[object]
) -> None:
    file = tmp_path / "typed.py"
    file.write_text(f"@register_loss('typed')\nclass Typed:\n    def __init__(self, v: {annotation}): ...\n")
    (declared,) = read_declarations(file, "register_loss")
    for value in good:
        assert declared.resolve({"v": value}, "here") == {"v": value}
    for value in bad:
        with pytest.raises(ConfigError, match="here: 'typed' takes v"):
            declared.resolve({"v": value}, "here")
    with pytest.raises(ConfigError, match="needs a value for 'v'"):
        declared.resolve({}, "here")
