"""What Prometheus is told of the dealings with the bureau."""

from prometheus_client import Counter, Gauge, Histogram

CALLS = Histogram(
    "kundvakt_bureau_call_seconds",
    "Time of calls to the credit bureau",
    ["call", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
STEPS = Counter(
    "kundvakt_credit_steps_total", "Steps taken with companies' credit", ["step", "outcome"]
)
WORK_DUE = Gauge("kundvakt_credit_work_due", "Companies that something is to be done about now")
POLL_AGE = Gauge(
    "kundvakt_credit_poll_age_seconds", "Time since the bureau's notifications were last read"
)
NOTICES = Counter("kundvakt_credit_notices_total", "New notifications from the bureau")
