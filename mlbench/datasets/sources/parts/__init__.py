"""What sources share: pinned files of public repositories, texts. No dataset lies here.

Tested elsewhere than in a file of their own name:

    arff, github, molecules, texts, vectors: tests/datasets/sources
"""
