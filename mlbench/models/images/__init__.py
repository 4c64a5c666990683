"""Images on their way to a network: decoded once, augmented in batches.

Tested elsewhere than in a file of their own name:

    image_operations, randaugment: tests/models/images/test_augmentation.py
"""
