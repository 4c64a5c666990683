"""A Python file read as source: what it registers, what that is made of, and where it is imported from.

Tested elsewhere than in a file of their own name:

    definitions: tests/code/test_modules.py
    installed: tests/runner/test_reasons.py
    syntax: tests/code/test_declarations.py
"""
