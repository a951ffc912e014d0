FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY . .
# No setting is needed here: catalogues and static files depend on none.
RUN .venv/bin/python -m devtools.messages compile \
    && .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf devtools sandbox tests

FROM python:3.11-slim-bookworm
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin app
COPY --from=build /app /app
# What the processes write: stored media (a volume) and the clock's schedule.
RUN install -d -o app -g app var var/media
USER 10001
EXPOSE 8000
CMD ["gunicorn", "community_report.wsgi"]
