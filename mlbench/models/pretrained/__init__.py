"""What encoders with pretrained weights share: names known without loading them, weights, layers, frozen vectors.

Tested elsewhere than in a file of their own name:

    depth, hf_names: tests/models/encoders/test_transformers_models.py
    memory_format, timm_names: tests/models/encoders/test_timm_models.py
"""
