"""Figures of the report: drawn by matplotlib in one style, saved as PNG and SVG, set inline in the page."""
