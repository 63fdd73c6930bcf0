FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/bot \
    && /opt/bot/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
    && pip install --no-cache-dir --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY runbooks runbooks
COPY migrations migrations
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/bot/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --home-dir /data --create-home bot
COPY --from=build /opt/bot /opt/bot
ENV PATH=/opt/bot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_BOT_DATA_DIR=/data \
    AIRFLOW_BOT_WEB__HOST=0.0.0.0 \
    AIRFLOW_BOT_WEB__PORT=8080 \
    AIRFLOW_BOT_LOGGING__FORMAT=json
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['AIRFLOW_BOT_WEB__PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["airflow-bot"]
CMD ["serve"]
