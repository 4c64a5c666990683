"""How a run stands and how it ended: a monitor counts the records that appear, reporters show them.

`status` reads the same of any folder of results, from files alone.
"""
