"""What people are told about credit: raised once, acknowledged or escalated."""
