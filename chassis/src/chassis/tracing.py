"""OpenTelemetry spans, carried across NATS and through the store as W3C traceparent."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("kundvakt")
_ids = RandomIdGenerator()
_is_exporting = False


def configure(service: str) -> None:
    """Record and export spans where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
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
    begun = trace.SpanContext(_ids.generate_trace_id(), _ids.generate_span_id(), is_remote=False)
    return trace.set_span_in_context(trace.NonRecordingSpan(begun))


def traceparent() -> str | None:
    """Return the present span as a W3C traceparent header, if there is one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")
