"""What Prometheus is told of every service."""

from prometheus_client import Counter, Gauge, Histogram

LAG = Gauge(
    "kundvakt_lag_events",
    "Events that a consumer or read model has still to take in",
    ["consumer", "source"],
)
RELAY_DEPTH = Gauge("kundvakt_relay_depth_events", "Events committed but not yet on the bus")
RELAYED = Counter("kundvakt_relayed_events_total", "Events put on the bus")
PARKED = Gauge("kundvakt_parked_events", "Events parked with their reason", ["consumer"])
HANDLED = Histogram(
    "kundvakt_handler_seconds",
    "Time to handle a message",
    ["handler", "outcome"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RETRIED = Counter("kundvakt_retries_total", "Times something transient was tried again", ["step"])
BATCH = Histogram(
    "kundvakt_append_batch_commands",
    "Commands that shared one commit",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
