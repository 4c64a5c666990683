"""Cutting splits that are missing, and drawing fractions of the training split."""
