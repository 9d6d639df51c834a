# syntax=docker/dockerfile:1

# The image of cert-manager-webhook-dnspod: one static file on an empty root, run as a user without a name.
#
#     docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=true --tag NAME:VERSION --push .
#
# The machine that builds compiles for every architecture itself: an emulated compiler takes an hour. What the image
# holds is put together by packaging/image-root.sh; packaging/try-image.sh runs it where there is no container engine.

FROM --platform=$BUILDPLATFORM rust:1.95.0-slim-bookworm AS build
ARG BUILDARCH
ARG TARGETARCH
WORKDIR /source
RUN cargo install --locked cargo-cyclonedx@0.5.9
COPY packaging/cross-compiler.sh packaging/
RUN packaging/cross-compiler.sh "$BUILDARCH" "$TARGETARCH" >/cross.env
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target,id=target-$TARGETARCH \
    set -eu; . /cross.env; \
    packaging/sbom.sh >/sbom.cdx.json; \
    packaging/image-root.sh "$(packaging/static.sh webhook-server cert-manager-webhook-dnspod)" /sbom.cdx.json /image

FROM scratch
LABEL org.opencontainers.image.title="cert-manager-webhook-dnspod" \
      org.opencontainers.image.description="cert-manager DNS01 webhook for DNSPod / Tencent Cloud DNS" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image/ /
USER 65532:65532
EXPOSE 8443
ENTRYPOINT ["/cert-manager-webhook-dnspod"]
