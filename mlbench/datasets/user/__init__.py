"""A user's own data: CSV, TSV, JSON lines, Parquet, folders of images; which column is what."""
