"""Figures of the report: drawn by matplotlib in one style, saved as PNG and SVG, set inline in the page.

Tested elsewhere than in a file of their own name:

    curves, data, scatter, style: tests/report/figures/test_legends.py
    draw: tests/report/test_build.py
    jobs: tests/report/analysis/test_one_family.py
    layout, training, tuning: tests/report/figures/test_forest.py
    matrices: tests/report/figures/test_labels.py
"""
