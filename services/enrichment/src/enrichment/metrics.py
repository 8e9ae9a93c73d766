"""What Prometheus is told of the registries: calls, copies and their age, feeds and how far."""

from prometheus_client import Counter, Gauge, Histogram

CALLS = Histogram(
    "kundvakt_registry_call_seconds",
    "Time of calls to a company registry",
    ["source", "purpose", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ERRORS = Counter(
    "kundvakt_registry_errors_total", "Questions a registry did not answer", ["source", "why"]
)
BREAKER = Gauge(
    "kundvakt_registry_left_alone", "1 while a registry that failed is left alone", ["source"]
)
"""Set as it opens and closes, for whichever kind of call."""
COMPANIES = Gauge("kundvakt_registry_companies", "Companies in our copy", ["country"])
UNITS = Gauge("kundvakt_registry_units", "Sub-units in our copy", ["country"])
AGE = Gauge("kundvakt_registry_age_seconds", "Time since the day that our copy shows", ["country"])
FEED_POSITION = Gauge(
    "kundvakt_registry_feed_position", "The last entry read of a feed", ["source", "feed"]
)
FEED_AGE = Gauge(
    "kundvakt_registry_feed_age_seconds",
    "Time since a feed was last read to its end",
    ["source", "feed"],
)
FEED_LEFT = Gauge(
    "kundvakt_registry_feed_left", "Entries of a feed still to be read", ["source", "feed"]
)
FEED_CHANGES = Counter(
    "kundvakt_registry_feed_changes_total", "Entries read of a feed", ["source", "feed", "kind"]
)
