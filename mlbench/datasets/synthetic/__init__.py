"""What the synthetic corpora share: a law of labels, and the Bayes ceiling that follows from it."""
