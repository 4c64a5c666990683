"""Public files: what is downloaded or given, unpacked and converted into the folder format once.

Tested elsewhere than in a file of their own name:

    archives, downloads, tree: tests/datasets/test_fetching.py
    hub: tests/datasets/public/test_public_source.py
    hub_source: tests/datasets/sources/test_text_sources.py
    readers: tests/datasets/sources
"""
