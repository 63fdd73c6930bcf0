"""The demo: a real Airflow with failing Dags, a local workspace, and the bot between them."""
