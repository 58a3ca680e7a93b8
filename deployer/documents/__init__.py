"""YAML text as nodes that know their line and column; pure."""
