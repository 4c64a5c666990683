"""The records as the report reads them: merged, divided by kind, laid out as a grid of numbers."""
