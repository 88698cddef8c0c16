# The gateway in a container.
#
#   docker build -t egov-bridge .
#   docker run --rm --network host egov-bridge                    the shipped configuration: sandbox, loopback addresses
#   docker run -d -p 8443:8443 -v ./config.toml:/srv/egov-bridge/config.toml:ro -v journal:/srv/egov-bridge/data egov-bridge
#
# The folder data/ holds the journal: keep it on a volume that outlives the container. Schemas, services and dictionaries can be
# mounted over those of the image, one folder each.

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin egov-bridge

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /srv/egov-bridge --shell /usr/sbin/nologin egov \
    && install -d -o egov -g egov -m 0750 /srv/egov-bridge/data
WORKDIR /srv/egov-bridge
COPY --from=build /build/target/release/egov-bridge /usr/local/bin/egov-bridge
COPY LICENSE config.toml ./
COPY xsd xsd
COPY wsdl wsdl
COPY services services
COPY samples samples
COPY conformance conformance
USER egov
VOLUME /srv/egov-bridge/data
EXPOSE 8080 8443 8444 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["egov-bridge"]
CMD ["serve"]
