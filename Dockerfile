# diffcli in a small image, run as an ordinary user:
#   docker build -t diffcli . && docker run --rm diffcli grad "x^2" --at x=3
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml README.md /opt/source/
COPY diffcli /opt/source/diffcli
COPY expressions /opt/source/expressions
RUN python3 -m venv /opt/diffcli \
    && /opt/diffcli/bin/pip install --no-cache-dir /opt/source \
    && rm -r /opt/source \
    && useradd --create-home diffcli
USER diffcli
WORKDIR /home/diffcli
ENTRYPOINT ["/opt/diffcli/bin/diffcli"]
