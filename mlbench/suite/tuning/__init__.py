"""Tuning: `[tuning]` of a suite, the trials that it stands for, the one that is chosen, and the final cells."""
