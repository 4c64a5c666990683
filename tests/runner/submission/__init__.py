"""The folder is tested with the checks."""
