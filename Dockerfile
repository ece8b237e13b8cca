# One file for every image of docker-compose.yml; `app` is the one to deploy.

FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-deps --require-hashes \
        -r requirements/build.txt -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE worker.py ./
COPY vibesflow vibesflow
COPY workflows workflows
COPY activities activities
COPY starter starter
COPY api api
COPY devnet devnet
COPY contracts contracts
RUN /venv/bin/pip install --no-deps --no-build-isolation --editable .

# The application: API, worker and command line, chosen by the command.
FROM python:3.11.13-slim-bookworm AS app
RUN useradd --system --uid 10001 --home-dir /nonexistent vibesflow \
    && install -d -o vibesflow /var/lib/vibesflow /devnet
# MALLOC_ARENA_MAX: docs/decisions/long-streams.md
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER vibesflow
CMD ["python", "-m", "api"]

# The EVM node of the development chain.
FROM node:20.19.5-bookworm-slim AS chain
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund \
    && ls node_modules/@foundry-rs/anvil-*/bin/anvil \
    && install -d -o node /chain
USER node
ENTRYPOINT ["node_modules/.bin/anvil"]

# An S3 service for development; the same engine that the tests run against.
FROM python:3.11.13-slim-bookworm AS objects
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1
COPY requirements/table.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-deps --require-hashes -r requirements/table.txt \
    && useradd --system --uid 10001 --home-dir /nonexistent objects \
    && install -d -o objects /objects
USER objects
CMD ["/venv/bin/ministack"]

# What `docker build .` makes when no target is named.
FROM app
