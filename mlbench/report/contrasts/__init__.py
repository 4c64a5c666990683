"""Sides set against each other that are no claims of a paper: a loss and itself, and what a report was asked for.

Tested elsewhere than in a file of their own name:

    table: tests/report/contrasts/test_answered.py
"""
