"""Benchmarks that anyone can run: bench/run. Each module measures one thing, and never judges it."""
