"""`python -m mlbench`, and the command `mlbench`."""

import signal
import sys
from typing import NoReturn


def main() -> None:
    """The commands; Ctrl-C ends them quietly from the first moment on, while they are only being loaded."""
    interrupted = False

    def interrupt(*_: object) -> NoReturn:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    try:
        from mlbench.cli import main as commands

        commands()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        # Compiled code may turn the interrupt into an error of its own: pydantic does, while it builds a model.
        if interrupted:
            sys.exit(130)
        raise


if __name__ == "__main__":
    main()
