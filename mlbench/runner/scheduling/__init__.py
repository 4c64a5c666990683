"""Cells spread over slots: an engine runs a supervisor in each, which takes cell after cell from its queue.

`job` is what every slot is told; `locks` say who works on which cell; `devices` lends each slot a device of its host.
"""
