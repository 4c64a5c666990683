"""`mlbench new KIND NAME`: a file that works, and a test of it, to change into one's own.

`writing` puts them where they belong; each of the other files holds what is written for one kind.

Tested elsewhere than in a file of their own name:

    dataset, encoder, loss, metric: tests/scaffolds/test_writing.py
"""
