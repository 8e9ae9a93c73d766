"""OpenTelemetry spans, carried across NATS and through the store as W3C traceparent."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("kundvakt")
_dice = Random()  # noqa: S311 - a trace has no secrets
_is_exporting = False


def configure(service: str) -> None:
    """Record and export spans where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    # Most run without a collector, and are to start without what speaks to one.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    global _is_exporting  # noqa: PLW0603 - looking it up reads the environment at every span
    _is_exporting = True


@contextmanager
def span(name: str, traceparent: str | None = None) -> Iterator[None]:
    """Do something inside a span that continues where `traceparent` left off.

    Without a collector nothing is recorded, and only the trace's id is passed on.
    """
    parent = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    if _is_exporting:
        with _tracer.start_as_current_span(name, context=parent):
            yield
    elif parent is None and trace.get_current_span().get_span_context().is_valid:
        yield
    else:
        token = context.attach(parent or _new())
        try:
            yield
        finally:
            context.detach(token)


def _new() -> context.Context:
    """Begin a trace."""
    trace_id, span_id = (_dice.randrange(1, 1 << bits) for bits in (128, 64))
    begun = trace.SpanContext(trace_id, span_id, is_remote=False)
    return trace.set_span_in_context(trace.NonRecordingSpan(begun))


def traceparent() -> str | None:
    """Return the present span as a W3C traceparent header, if there is one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")
