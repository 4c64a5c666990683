"""Where the other modules of this room are tested: against in test_evidence and analysis/test_one_family,
excluded and caveats in test_answer, conditions in test_protocol."""
