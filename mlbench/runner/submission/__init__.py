"""Records of others on their way into what is published: what must hold of them, and the folder that they come in.

Tested elsewhere than in a file of their own name:

    checks, folder: tests/runner/submission/test_submission.py
"""

from mlbench.runner.submission.checks import Fault, check_records
from mlbench.runner.submission.folder import submit

__all__ = ["Fault", "check_records", "submit"]
