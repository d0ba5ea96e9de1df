"""One expression studied: methods, judge, traces, timing; and several compared."""
