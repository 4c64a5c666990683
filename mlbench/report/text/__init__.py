"""What the numbers say, in sentences.

Tested elsewhere than in a file of their own name:

    against, caveats, excluded: tests/report/text/test_answer.py
    conditions: tests/report/text/test_protocol.py
"""
