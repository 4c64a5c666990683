"""Sides set against each other that are no claims of a paper: a loss and itself, and what a report was asked for."""
