"""Breaking the running system on purpose, and checking that nothing was lost: `make faults`, `make faults-all`.

The real processes (gunicorn, Celery worker, beat, PostgreSQL, Valkey, the simulated WeChat) run as in the demo. Each
fault breaks something while people work; then the checker compares what was acknowledged, what the database holds and
what WeChat's phones show. docs/reliability.md has the catalogue and what was seen.
"""
