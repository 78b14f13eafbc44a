# The lab's images: `ftd` and `fmc` (appliances with their shells and the real tools), `gateway` (a router with iptables), `host` (everything else), and `lab` (a
# whole lab in one container, for test suites).
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS modules
WORKDIR /lab
COPY package.json package-lock.json ./
# The image has its Node already, and the libraries' native parts come ready made.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node node_modules/.bin node_modules/zeromq/build/darwin node_modules/zeromq/build/win32

# What the hosts' containers run: few files that load fast, and the one library that cannot be among them.
FROM ${BASE} AS bundles
WORKDIR /lab
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY docker/rolldown.config.ts docker/
COPY shared shared
COPY services services
RUN npx rolldown --config docker/rolldown.config.ts --log-level warn \
 && mkdir bundles/node_modules && cp -r node_modules/zeromq node_modules/cmake-ts bundles/node_modules \
 && rm -rf bundles/node_modules/zeromq/build/darwin bundles/node_modules/zeromq/build/win32

FROM ${BASE} AS common
LABEL org.opencontainers.image.title=ftdlab \
      org.opencontainers.image.description="A lab that behaves like a Cisco Secure Firewall estate wired to the SSE cloud. An independent simulation." \
      org.opencontainers.image.licenses=Apache-2.0
ENV NODE_ENV=production NODE_COMPILE_CACHE=/lab/.compiled
WORKDIR /lab
COPY docker/packages docker/packages
COPY docker/compile docker/entry docker/healthcheck docker/
HEALTHCHECK --interval=2s --timeout=60s --start-period=120s --retries=3 CMD ["/lab/docker/healthcheck"]

FROM common AS host
RUN docker/packages/install host && mkdir -p /var/lib/ftdlab /etc/ftdlab && chown node: /var/lib/ftdlab
COPY --from=bundles /lab/bundles ./
# Compiled once here, for both users that run it, instead of at every start.
RUN docker/compile node shared/os/container.cjs services/dns/index.cjs services/proxy/index.cjs services/sse/index.cjs services/lab/containers/operator-host.cjs \
 && docker/compile root services/lab/containers/plan.cjs
# Of which sources it is; last, so that nothing is built anew for it.
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
ENTRYPOINT ["/lab/docker/entry"]

FROM common AS gateway
RUN docker/packages/install gateway
COPY --from=bundles /lab/bundles ./
RUN docker/compile root shared/os/container.cjs services/gateway/index.cjs
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
ENTRYPOINT ["/lab/docker/entry", "root"]
CMD ["node", "services/gateway/main.cjs"]

FROM common AS appliance
RUN docker/packages/install appliance
COPY docker/command docker/make-appliance docker/
RUN docker/make-appliance
COPY --from=bundles /lab/bundles ./
ENTRYPOINT ["/lab/docker/entry", "root"]
WORKDIR /root

FROM appliance AS fmc
RUN /lab/docker/compile root shared/os/container.cjs services/fmc/index.cjs
ENV FTDLAB_PRODUCT=fmc
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
CMD ["node", "/lab/services/fmc/main.cjs"]

FROM appliance AS ftd
COPY docker/make-device /lab/docker/
RUN /lab/docker/make-device \
 && for user in root www; do /lab/docker/compile "$user" shared/os/container.cjs services/ftd/index.cjs node_modules/zeromq/lib/index.js; done
ENV PATH=/ngfw/usr/local/sf/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ARG SOURCES=
LABEL com.ftdlab.sources=$SOURCES
CMD ["node", "/lab/services/ftd/main.cjs"]

# The sources as they are: Node takes the types away.
FROM common AS lab
RUN mkdir -p /var/lib/ftdlab && chown node: /var/lib/ftdlab
COPY --from=modules /lab/node_modules node_modules
COPY package.json ./
COPY bin bin
COPY scenarios scenarios
COPY shared shared
COPY services services
RUN docker/compile node services/lab/embedded.ts services/lab/cli/up.ts services/lab/api/server.ts
# Its ports are published: on the loopback of whoever runs it.
ENV FTDLAB_HOME=/var/lib/ftdlab FTDLAB_BIND=0.0.0.0
USER node
EXPOSE 8080 8443 8089 2200 2201 2202
HEALTHCHECK --interval=2s --timeout=5s --start-period=60s --retries=10 CMD ["grep", "-q", "\"state\": \"running\"", "/var/lib/ftdlab/lab.json"]
ENTRYPOINT ["node", "/lab/bin/ftdlab.js"]
CMD ["up"]
