"""Working time: spans, calendars and how deadlines are counted and explained."""
