"""Registers as tables: what people open in a spreadsheet. A list is the same rows whether it comes as JSON, as CSV or as XLSX."""
