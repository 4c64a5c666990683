"""The encoders that suites name, one file each, and what the text ones share."""
