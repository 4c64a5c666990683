"""`python -m mlbench.runner.worker`."""

from mlbench.runner.worker.main import main

main()
