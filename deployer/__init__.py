"""Run one person's VPS from one file."""
