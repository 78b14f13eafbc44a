# The lab's images: `ftd` (a device with its shell and the real tools), `gateway` (a router with iptables) `host` (everything else), and `lab` (a whole lab in
# one container, for test suites).
# The sources run as they are: Node takes the types away.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS modules
WORKDIR /lab
COPY package.json package-lock.json ./
# The image has its Node already, and the libraries' native parts come ready made.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node node_modules/.bin \
 && find node_modules/zeromq/build -mindepth 1 -maxdepth 1 -type d ! -name linux -exec rm -rf {} +

FROM ${BASE} AS common
LABEL org.opencontainers.image.title=ftdlab \
      org.opencontainers.image.description="A lab that behaves like a Cisco Secure Firewall estate wired to the SSE cloud. An independent simulation." \
      org.opencontainers.image.licenses=Apache-2.0
ENV NODE_ENV=production NODE_COMPILE_CACHE=/lab/.compiled
WORKDIR /lab
COPY docker/packages docker/packages
COPY docker/entry docker/healthcheck docker/
HEALTHCHECK --interval=2s --timeout=5s --start-period=120s --retries=10 CMD ["/lab/docker/healthcheck"]

FROM common AS host
RUN docker/packages/install host && mkdir -p /var/lib/ftdlab /etc/ftdlab && chown node: /var/lib/ftdlab
COPY --from=modules /lab/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY services services
# Compiled once here, for both users that run it, instead of at every start.
COPY docker/compile docker/compile
# The only appliance that is made of this image is the FMC, whose clock is its own: no container may set the machine's.
COPY docker/command docker/command
ENV FTDLAB_PRODUCT=fmc
RUN mv /usr/bin/date /usr/bin/date.distrib && ln -s /lab/docker/command /usr/bin/date
RUN docker/compile node dns proxy sse lab/containers/operator-host.ts && docker/compile root fmc lab/containers/plan.ts
# Of which sources it is; last, so that nothing is built anew for it.
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
ENTRYPOINT ["/lab/docker/entry"]

FROM common AS gateway
RUN docker/packages/install gateway
COPY --from=modules /lab/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY services/gateway services/gateway
COPY docker/compile docker/compile
RUN docker/compile root gateway
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
ENTRYPOINT ["/lab/docker/entry", "root"]
CMD ["node", "services/gateway/main.ts"]

FROM common AS ftd
RUN docker/packages/install ftd
COPY --from=modules /lab/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY services/ftd services/ftd
COPY docker/command docker/compile docker/make-device docker/
RUN docker/make-device && docker/compile root ftd && docker/compile www ftd
ENV PATH=/ngfw/usr/local/sf/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /root
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
ENTRYPOINT ["/lab/docker/entry", "root"]
CMD ["node", "/lab/services/ftd/main.ts"]

FROM host AS lab
COPY bin bin
COPY scenarios scenarios
RUN docker/compile node lab/embedded.ts lab/cli/up.ts lab/api/server.ts
# Its ports are published: on the loopback of whoever runs it.
ENV FTDLAB_HOME=/var/lib/ftdlab FTDLAB_BIND=0.0.0.0
USER node
EXPOSE 8080 8443 8089 2200 2201 2202
HEALTHCHECK --interval=2s --timeout=5s --start-period=60s --retries=10 CMD ["grep", "-q", "\"state\": \"running\"", "/var/lib/ftdlab/lab.json"]
ENTRYPOINT ["node", "/lab/bin/ftdlab.js"]
CMD ["up"]
