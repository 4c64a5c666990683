"""What tables, figures, text and claims ask of a grid, each computed once."""

from mlbench.report.analysis.analysis import Analysis
from mlbench.report.analysis.views import View

__all__ = ["Analysis", "View"]
