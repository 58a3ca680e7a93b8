"""What the user types: one module per command, which parses, calls and reports.

The name of the module is the name of the command; it is found by being here.
"""
