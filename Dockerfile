# Builds the program, then keeps it alone: no shell, no package manager, not root.
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
# The dependencies first: they change less often than the program.
RUN mkdir -p src benches/bare && touch src/lib.rs && \
    echo 'fn main() {}' > src/main.rs && cp src/main.rs benches/bare/server.rs && \
    cargo build --release --locked --bin manchette && rm -rf src benches
COPY migrations migrations
COPY build.rs build.rs
COPY docs docs
COPY benches benches
COPY examples/front-page examples/front-page
COPY src src
RUN touch src/main.rs src/lib.rs && cargo build --release --locked --bin manchette

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/manchette /usr/local/bin/manchette
ENV MANCHETTE_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["manchette"]
CMD ["serve"]
