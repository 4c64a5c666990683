"""One dataset's answer: which loss to take, how sure that is, and what it does label by label."""
