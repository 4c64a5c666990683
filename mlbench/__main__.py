"""`python -m mlbench`, and the command `mlbench`."""

import contextlib
import signal
import sys
from typing import NoReturn


def main() -> None:
    """The commands; Ctrl-C, SIGTERM and a connection that drops end them quietly from the first moment on, while they
    are only being loaded, and with them all that they have started."""
    interrupted = False

    def interrupt(*_: object) -> NoReturn:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    from mlbench.ending import Ending, end_started

    ending = Ending()
    ending.listen()
    try:
        from mlbench.cli import main as commands

        commands()
    except BaseException as error:
        if not (interrupted or ending.code):
            raise
        with contextlib.suppress(KeyboardInterrupt):
            end_started()
        if ending.code:
            sys.exit(ending.code)
        # Compiled code may turn the interrupt into an error of its own: pydantic does, while it builds a model.
        if isinstance(error, KeyboardInterrupt | Exception):
            sys.exit(130)
        raise


if __name__ == "__main__":
    main()
