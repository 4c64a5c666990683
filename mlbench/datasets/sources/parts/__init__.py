"""What sources share: pinned files of public repositories and packages, texts, drawings. No dataset lies here.

Tested elsewhere than in a file of their own name:

    arff, drawings, molecules, pinned, rows: tests/datasets/sources
"""
