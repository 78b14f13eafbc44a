/**
 * Where a device keeps its HTTP proxy: `address`, `port` and perhaps `user` and `password`, one `key=value` a line; absent while it has none. Its command
 * line never shows the password. Invented.
 */
export const PROXY_FILE = '/ngfw/etc/sf/proxy.conf'
