"""Alerts by mail: queued with what they tell, handed over, each once."""
