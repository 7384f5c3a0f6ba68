"""The outside: settings, wiring, the command line and HTTP."""
