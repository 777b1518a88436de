"""An independent peer for relay-gateway: written from the wire contract, with nothing of the C++ in it."""
