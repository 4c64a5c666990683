"""Idle threads sleep soon unless the user has said how they wait, in every command and every worker."""

from __future__ import annotations

import os
import subprocess
import sys

from mlbench.runner.worker.process import worker_variables
from mlbench.spinning import ENOUGH, SPINS, brief_spins, spin_briefly


def test_what_the_user_says_stays() -> None:
    assert brief_spins({}) == {SPINS: ENOUGH}
    assert brief_spins({"OMP_WAIT_POLICY": "ACTIVE"}) == {}
    environment = {SPINS: "7"}
    spin_briefly(environment)
    assert environment == {SPINS: "7"}


def test_workers_and_commands_have_it() -> None:
    unsaid = {key: value for key, value in os.environ.items() if key not in (SPINS, "OMP_WAIT_POLICY")}
    assert worker_variables(2, unsaid)[SPINS] == ENOUGH
    code = (
        "import os, sys; sys.argv = ['mlbench', '--version']\n"
        "import mlbench.cli\n"
        "try: mlbench.cli.main()\n"
        "finally: print('torch' in sys.modules, os.environ['GOMP_SPINCOUNT'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=unsaid, capture_output=True, text=True, check=False
    )
    assert said.stdout.splitlines()[-1] == f"False {ENOUGH}"
