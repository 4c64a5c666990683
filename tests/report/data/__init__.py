"""Where the other modules of this room are tested: grid, naming and superseded in test_merge, drawn in
test_trials, repeats in contrasts/test_repeats."""
