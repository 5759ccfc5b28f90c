"""The published language as documents: written, compared, and kept from breaking."""
