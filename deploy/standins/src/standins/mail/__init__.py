"""A mail server that delivers nothing: it catches mails and shows them on a page."""
