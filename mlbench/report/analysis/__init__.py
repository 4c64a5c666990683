"""What tables, figures, text and claims ask of a grid, each computed once.

Tested elsewhere than in a file of their own name:

    analysis, buckets, views: tests/report/analysis/test_summary.py
    budget, trial_table: tests/report/data/tuned/test_trials.py
    within_tasks: tests/report/analysis/test_one_family.py
"""

from mlbench.report.analysis.analysis import Analysis
from mlbench.report.analysis.views import View

__all__ = ["Analysis", "View"]
