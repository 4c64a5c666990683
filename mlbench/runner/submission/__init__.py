"""Records of others on their way into what is published: what must hold of them, and the folder that they come in."""

from mlbench.runner.submission.checks import Fault, check_records
from mlbench.runner.submission.folder import submit

__all__ = ["Fault", "check_records", "submit"]
