"""The page: one HTML file that needs no network, whose tables and figures follow the reader.

Tested elsewhere than in a file of their own name:

    board, build, cells, claims, fragments, label_table, reliability_diagram, sections, single,
    templating: tests/report/page
"""
