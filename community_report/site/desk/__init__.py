"""The managers' desk: the back office as a place to work – look, sidebar, first page, who is told of what."""
