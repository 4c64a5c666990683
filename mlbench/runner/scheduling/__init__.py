"""Cells spread over slots: an engine runs a supervisor in each, which takes cell after cell from its queue.

`job` is what every slot is told; `locks` say who works on which cell; `devices` lends each slot a device of its host.

Tested elsewhere than in a file of their own name:

    cleanup, owner, run_lock: tests/runner/scheduling/test_locks.py
    finals: tests/runner/test_tuned_run.py
    job, plugins, supervisor: tests/runner/test_run.py
"""
