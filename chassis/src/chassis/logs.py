"""Log lines: columns for people, JSON for machines; tenant and correlation bound once a message."""

import logging
import sys
from typing import Literal

import structlog

LogFormat = Literal["columns", "json"]


def configure(log_format: LogFormat, level: str = "INFO") -> None:
    """Set up structlog, and send the standard library's loggers the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_strip, last])
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _strip(
    logger: structlog.typing.WrappedLogger, name: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Drop what the standard library's bridge adds for itself."""
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, line)
