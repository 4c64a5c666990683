"""How long an idle thread of a matrix kernel keeps its core before it sleeps.

By default libgomp's threads spin for a millisecond and more at the end of every kernel. Where another process wants
their core, such as a second `mlbench run`, each kernel then waits for a thread that has none: cells of small networks
took three times as long as with few spins, and more. Few cost 5 % on a machine that does nothing else. The numbers are
the same.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

SPINS = "GOMP_SPINCOUNT"
ENOUGH = "5000"
"""Some microseconds: longer than a kernel's threads are apart where each has a core."""


def brief_spins(environment: Mapping[str, str]) -> dict[str, str]:
    """What a process should find in its environment before it loads a library that has threads; nothing where the user
    has said how threads wait."""
    said = {SPINS, "OMP_WAIT_POLICY"} & environment.keys()
    return {} if said else {SPINS: ENOUGH}


def spin_briefly(environment: MutableMapping[str, str]) -> None:
    """Of a process that has loaded no such library yet, and of its children."""
    environment.update(brief_spins(environment))
