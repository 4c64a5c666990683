"""What `mlbench describe` says of a dataset, as text and as a page."""
