"""Golden cases of Structured Streaming: what a case is (case.py), how each kind of them is run again on our engine (stateful.py, fraud.py, kafka.py,
queries.py, recovery.py, tables.py), and how what came out is compared (compare.py)."""
