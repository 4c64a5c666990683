"""From a model to numbers: its scores, the linear probe's, and the metrics of both."""
