"""The door to Airflow 3 clusters: reads their REST API, gently, into our own values."""
