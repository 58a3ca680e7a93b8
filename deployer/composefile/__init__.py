"""What can be known of a compose file, and of what lies beside it, without Docker; pure."""
