"""The page: one HTML file that needs no network, whose tables and figures follow the reader."""
