"""Where the other modules of this room are tested: curves, scatter, style and layout in test_legends, matrices and
significance in test_labels, data in analysis/test_summary, tuning in data/test_trials, draw, jobs and training in
../test_build."""
