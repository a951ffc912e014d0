"""What developers run and users never do: embedded servers, the demo, gettext tooling. No app imports it."""
