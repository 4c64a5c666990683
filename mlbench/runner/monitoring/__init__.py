"""How a run stands and how it ended: a monitor counts the records that appear, reporters show them.

`status` reads the same of any folder of results, from files alone.

Tested elsewhere than in a file of their own name:

    guarded, summary: tests/runner/monitoring/test_monitor.py
    tally: tests/runner/monitoring/test_reporters.py
"""
