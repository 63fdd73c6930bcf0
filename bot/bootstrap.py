"""From settings to adapters to services: the only place that names both sides."""
