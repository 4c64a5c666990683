"""Where the other modules of this room are tested: csv, html, latex, markdown, model and frequency in
test_formats, comparison and glance in text/test_evidence, cost in analysis/test_cost, one_family in
analysis/test_one_family, collect and settings in data/test_trials."""
