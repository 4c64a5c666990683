"""The published study: what is said of it, against its records."""
