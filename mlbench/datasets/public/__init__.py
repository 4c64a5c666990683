"""Public files: what is downloaded or given, unpacked and converted into the folder format once."""
