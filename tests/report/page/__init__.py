"""The whole page is tested in test_page, in a browser; board and sections in text/test_evidence, too, single
in data/test_trials."""
