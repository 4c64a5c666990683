"""Tables of the report: built once, written as HTML, Markdown, LaTeX and CSV with the same numbers.

Tested elsewhere than in a file of their own name:

    breakdowns: tests/report/analysis/test_variants.py
    collect, published, settings: tests/report/tables/test_scores.py
    comparison: tests/report/text/test_evidence.py
    cost: tests/report/analysis/test_cost.py
    model, one_family: tests/report/tables/test_formats.py
    glance: tests/report/analysis/test_one_family.py
    influence: tests/report/analysis/test_influence.py
"""
