import { copyFileSync, watch } from 'node:fs'

const RESOLV_CONF = '/etc/resolv.conf'
/** docker/entry puts it back. */
const KEPT = '/etc/ftdlab-resolv.conf'

/** Docker mounts `/etc/resolv.conf` anew whenever a container starts. What an administrator of the host writes there is kept beside it from now on, as on a real appliance. */
export function keepResolver(): Disposable {
  const watcher = watch(RESOLV_CONF, () => copyFileSync(RESOLV_CONF, KEPT))
  return { [Symbol.dispose]: () => watcher.close() }
}
