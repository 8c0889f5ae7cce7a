# One image for web and worker: which of the two a container is, its command says.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
# A key for this one command: no secret gets into the image.
RUN DEBUG=False SECRET_KEY=collectstatic ALLOWED_HOSTS=localhost python manage.py collectstatic --noinput \
    && python -m compileall -q /app /venv

FROM python:${PYTHON}-slim
ARG RELEASE=unnamed
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RELEASE=${RELEASE}
# A new volume takes its owner from the folder that it covers.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin shop && install --directory --owner=shop /media
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER shop
EXPOSE 8000
# Asks as the proxy in front would: under an allowed name, and as if over HTTPS. Workers serve no HTTP and switch it off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", "\
import http.client, os, sys; \
host = os.environ.get('ALLOWED_HOSTS', '').split(',')[0].strip().lstrip('.*') or 'localhost'; \
connection = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); \
connection.request('GET', '/healthz', headers={'Host': host, 'X-Forwarded-Proto': 'https'}); \
sys.exit(connection.getresponse().status != 200)"]
CMD ["gunicorn", "shop.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--threads=8", "--worker-tmp-dir=/dev/shm", \
     "--no-control-socket", "--access-logfile=-"]
