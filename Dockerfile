# The image that compose.yaml runs: the locked packages and After Action, under a user without rights.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /app
COPY requirements.txt /source/
RUN /app/bin/pip install --no-deps --require-hashes -r /source/requirements.txt
COPY . /source
RUN /app/bin/pip install --no-deps --no-build-isolation /source

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin afteraction
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["afteraction"]
CMD ["serve"]
