"""What measuring the credit watch takes: the bureau, the event stream, and a bare watch beside."""
