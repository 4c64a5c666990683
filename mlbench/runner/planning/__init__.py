"""What a run would do: every cell of some suites, whether it can work, what is done, and how long the rest takes.

Nothing is trained here.

Tested elsewhere than in a file of their own name:

    plan: tests/runner/planning/test_reuse.py
"""
