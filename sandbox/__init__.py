"""A simulated WeChat: the platform's HTTP interfaces, and phones with a chat and a browser. Knows no application."""
