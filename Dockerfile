# One image for every part. Alone it runs everything (`docker run -p 8000:8000 phonereader`, data in /data);
# docker-compose.yml gives each part a container of its own.
FROM python:3.11-slim

# PyTorch without CUDA, a tenth of the size; empty for the usual index.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY pyproject.toml constraints.txt README.md ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -c constraints.txt -e .

COPY . .
RUN python -m compileall -q manage.py phonereader recognition training \
    && useradd --system --uid 10001 --home-dir /data phonereader \
    && install -d -o phonereader -g phonereader -m 700 /data

USER phonereader
ENV HOST=0.0.0.0 PORT=8000 PHONEREADER_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=5)"]

CMD ["python", "manage.py", "run"]
