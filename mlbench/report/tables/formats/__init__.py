"""A table as CSV, HTML, LaTeX and Markdown.

Tested elsewhere than in a file of their own name:

    csv, html, latex: tests/report/tables/test_formats.py
    markdown: tests/report/text/test_answer.py
"""
