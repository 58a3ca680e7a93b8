"""The types of what sites.yaml says: what they accept cannot carry syntax; pure, and of no kind."""
