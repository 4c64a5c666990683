"""`mlbench recommend`: the losses that did best on the datasets most like yours."""
