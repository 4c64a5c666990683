"""Tables of the report: built once, written as HTML, Markdown, LaTeX and CSV with the same numbers."""
