"""The records as the report reads them: merged, told apart by kind, laid out as a grid of numbers."""
