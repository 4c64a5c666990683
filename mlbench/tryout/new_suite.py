"""`mlbench new suite DATA`: the suite of a user's own data, with nothing measured and nothing run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError
from mlbench.tryout.data import find_data
from mlbench.tryout.encoder import choose_encoder
from mlbench.tryout.questions import Asker, typed
from mlbench.tryout.setup import Setup


def write_suite(
    data: str,
    columns: Mapping[str, Any],
    *,
    output: Path | None = None,
    ask: Asker | None = None,
    data_root: Path | None = None,
) -> tuple[Path, list[str]]:
    """Write it to `output`, `<name>.toml` where not given; returns the file and how the data are read. Raises
    ConfigError for a file that is there already, and for what the data leave open where nobody is asked."""
    command = "mlbench new suite"
    found = find_data(data, columns, ask=ask, command=command, data_root=data_root)
    file = output or Path(f"{found.name}.toml")
    if file.exists():
        raise ConfigError(f"{file}: there already; name another by -o")
    setup = Setup(found, choose_encoder(found.dataset))
    file.write_text(setup.text(typed(command, data, {}), f"mlbench run {file}"), encoding="utf-8")
    return file, [*found.said, f"encoder: {setup.encoder.name}, {setup.encoder.why}"]
