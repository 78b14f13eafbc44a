/**
 * Where a device keeps its HTTP proxy: `address`, `port` and perhaps `user` and `password`, one `key=value` a line; absent while it has none. Its command
 * line never shows the password. Invented.
 */
export const PROXY_FILE = '/ngfw/etc/sf/proxy.conf'

/** The certificates that the connector trusts. (seed A, B) */
export const CONNECTOR_CA = '/ngfw/etc/ssl/connectorCA.pem'

/** The certificates that the canConnect probe trusts: every file of a folder (seed A); the file's name is invented. */
export const CANCONNECT_CA_FOLDER = '/ngfw/etc/sf/keys/fireamp/thawte_roots'
export const CANCONNECT_ROOTS = `${CANCONNECT_CA_FOLDER}/roots.pem`
