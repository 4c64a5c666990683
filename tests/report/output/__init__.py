"""files is tested in ../test_build, others in data/test_kinds."""
