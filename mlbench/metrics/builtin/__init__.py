"""The metrics that mlbench brings, by what they read: whole rankings, a sample's top k, decisions, probabilities."""
