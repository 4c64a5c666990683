"""What the driver lists, asked in all the ways in which it answers in part or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlbench.errors import ConfigError
from mlbench.runner.scheduling import cuda_driver, devices
from mlbench.runner.scheduling.cuda_driver import Device, listing
from mlbench.runner.scheduling.devices import chosen_devices, troubles, visible

TWO = "GPU-aa, NVIDIA A100, 550.1\nGPU-bb, NVIDIA A100, 550.1\n"
DIVIDED = """GPU 0: NVIDIA A100 (UUID: GPU-aa)
  MIG 3g.20gb     Device  0: (UUID: MIG-11)
  MIG 1g.5gb      Device  1: (UUID: MIG-22)
GPU 1: NVIDIA A100 (UUID: GPU-bb)
"""
SIZES = (("11", "3g.20gb"), ("22", "1g.5gb"))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No driver but that of the test, and nothing kept."""
    monkeypatch.setattr(cuda_driver, "PLACES", ())
    monkeypatch.setattr(cuda_driver, "SIGNS", ())
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    devices.detected.cache_clear()
    yield
    devices.detected.cache_clear()


def nvidia_smi(folder: Path, rows: str, instances: str = "", code: int = 0, before: str = "") -> Path:
    """A program that says so."""
    folder.mkdir(exist_ok=True)
    (folder / "rows").write_text(rows)
    (folder / "instances").write_text(instances)
    program = folder / "nvidia-smi"
    program.write_text(
        f'#!/bin/sh\n{before}\nif [ "$1" = -L ]; then cat {folder}/instances; else cat {folder}/rows; exit {code}; fi\n'
    )
    program.chmod(0o755)
    return folder


def on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_nvidia_smi_off_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listing().devices == ()
    monkeypatch.setattr(
        cuda_driver, "PLACES", (str(tmp_path / "none"), str(nvidia_smi(tmp_path / "bin", TWO)))
    )
    assert [found.uuid for found in listing().devices] == ["GPU-aa", "GPU-bb"]
    assert listing().troubles == ()


def test_rows_that_are_whole_are_read_whatever_else_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = "Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.\n"
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", TWO + lost, code=15))
    assert [found.uuid for found in chosen_devices("auto")] == ["GPU-aa", "GPU-bb"]
    [said] = troubles()
    assert said == f"nvidia-smi: exit code 15; not read: {lost.strip()}"


def test_instances_that_are_not_told_are_said_to_be_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses = '[ "$1" = -L ] && exit 3'
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", TWO, before=refuses))
    assert [found.uuid for found in listing().devices] == ["GPU-aa", "GPU-bb"]
    assert listing().troubles == ("nvidia-smi -L: exit code 3; instances of a divided GPU are not known",)


def test_a_model_may_have_commas_and_a_driver_may_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", "GPU-aa, A, B, 550.1\n"))
    assert listing().devices == (Device("GPU-aa", "A, B", "550.1"),)
    monkeypatch.setattr(cuda_driver, "PATIENCE", 0.2)
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", TWO, before="exec sleep 5"))
    assert listing() == cuda_driver.Listing((), ("nvidia-smi: no answer within 0.2 s",))


def test_cuda_that_is_asked_for_in_vain_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", failed, code=9))
    with pytest.raises(
        ConfigError, match=r"no CUDA device \(nvidia-smi: exit code 9; not read: NVIDIA-SMI has failed"
    ):
        chosen_devices("cuda")
    assert chosen_devices("auto") == []


def test_the_instances_of_a_divided_gpu_stand_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", TWO, DIVIDED))
    parts = [Device(f"MIG-{name}", f"NVIDIA A100 MIG {size}", "550.1", "GPU-aa") for name, size in SIZES]
    assert chosen_devices("auto") == [*parts, Device("GPU-bb", "NVIDIA A100", "550.1")]
    assert chosen_devices("cuda:1") == parts[1:]


@pytest.mark.parametrize(
    ("variable", "uuids", "lost"),
    [
        ("0", ["MIG-11"], ""),
        ("GPU-aa", ["MIG-11"], ""),
        ("1", ["GPU-bb"], ""),
        ("MIG-22,GPU-b", ["MIG-22", "GPU-bb"], ""),
        ("MIG-GPU-old/1/0", ["MIG-GPU-old/1/0"], ""),
        ("1,1", ["GPU-bb"], ""),
        ("1,2", ["GPU-bb"], "no device here is 2"),
        ("GPU-cc", [], "no device here is GPU-cc"),
        ("NoDevFiles", [], ""),
    ],
)
def test_the_variable_names_gpus_and_instances(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, uuids: list[str], lost: str
) -> None:
    on_path(monkeypatch, nvidia_smi(tmp_path / "bin", TWO, DIVIDED))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    assert [found.uuid for found in visible()] == uuids
    assert bool(troubles()) == bool(lost)
    assert lost in "".join(troubles())


TORCH = """
class cuda:
    device_count = staticmethod(lambda: 2)
    @staticmethod
    def get_device_properties(index):
        import types
        return types.SimpleNamespace(uuid=f"c{index}", name=["NVIDIA H100", "NVIDIA H100 MIG 1g.10gb"][index])
"""


@pytest.mark.parametrize("refuses", [False, True])
def test_where_nvidia_smi_is_not_there_or_refuses_torch_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    (tmp_path / "torch.py").write_text(TORCH)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setattr(cuda_driver, "SIGNS", (str(tmp_path),))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    if refuses:
        on_path(monkeypatch, nvidia_smi(tmp_path / "bin", "Insufficient permissions\n", code=4))
    found = listing()
    assert [(device.uuid, device.model) for device in found.devices] == [
        ("GPU-c0", "NVIDIA H100"),
        ("MIG-c1", "NVIDIA H100 MIG 1g.10gb"),
    ]
    said = ("nvidia-smi: exit code 4; not read: Insufficient permissions",)
    assert found.troubles == (said if refuses else ())
    (tmp_path / "torch.py").write_text("raise ImportError('libcuda.so.1 is not there')")
    found = listing()
    assert found.devices == ()
    assert found.troubles[-1] == "torch: exit code 1, ImportError: libcuda.so.1 is not there"
    assert len(found.troubles) == 2
