"""The folder format: checking its columns, reading and writing its files, and making a Dataset of them."""
