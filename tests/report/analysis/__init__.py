"""Where the other modules of this room are tested: budget and trial_table in data/test_trials, buckets in
test_summary, views in data/test_measures, within_tasks in tables/test_scores and text/test_evidence; the
analysis itself in all of them."""
