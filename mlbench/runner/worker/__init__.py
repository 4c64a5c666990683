"""The process in which cells are trained, and its supervisor's end of it.

`process` starts it, `attempt` has it run one cell and watches over that, `main` is what runs there; what they say to
each other stands in `messages`.
"""
