"""A community made up for measuring and for trying out: `manage.py make_data`. Seeded, so that it can be made again."""
