"""A model of the hub on a machine without it."""

from __future__ import annotations

import time

import pytest

from mlbench.models.pretrained import hub


def test_a_model_that_cannot_be_had_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "why_unreachable", lambda: "no route to host")
    start = time.monotonic()
    with pytest.raises(
        ConnectionError, match="not on this machine, and the hub cannot be reached: no route to host"
    ):
        hub.offline_options("nobody/nothing")
    assert time.monotonic() - start < 10
    monkeypatch.setattr(hub, "why_unreachable", lambda: "")
    assert hub.offline_options("nobody/nothing") == {}
