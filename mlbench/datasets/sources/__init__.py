"""One file per public dataset or family: its card, its files, and how they are read."""
