"""Where the other modules of this room are tested: base, contrast and sides in test_contest."""
