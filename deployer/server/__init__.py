"""The outside world: the one place that knows SSH, and the constant scripts that run on the server."""
