"""The process in which cells are trained, and its supervisor's end of it.

`process` starts it, `attempt` has it run one cell and watches over that, `main` is what runs there; what they say to
each other stands in `messages`.

Tested elsewhere than in a file of their own name:

    asking: tests/runner/test_verify.py
    environment: tests/runner/test_replay.py
    main, messages: tests/runner/test_run.py
    process: tests/runner/test_chaos.py
"""
