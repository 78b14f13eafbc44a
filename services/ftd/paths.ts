/** Where a device keeps things. (seed) and (public) paths are documented in domain facts 4.4; the rest is invented. */

/** What the device is, beyond what the usual files say: a `Device`. (invented) */
export const DEVICE_FILE = '/ngfw/etc/sf/device.json'
/** (seed A, B, C) */
export const CONNECTOR_PROPERTIES = '/ngfw/etc/sf/connector.properties'
/** (seed B) */
export const CONNECTOR_LOG = '/ngfw/var/log/connector/connector.log'
/** Which contexts the connector has: a `StoredContext`. (invented) */
export const CONNECTOR_CONTEXT = '/ngfw/var/sf/connector/contexts/default.json'
/** (seed A) for the file, (public) for the folder */
export const ACTION_QUEUE_LOG = '/ngfw/var/log/action_queue.log'
/** (public) */
export const MESSAGES_LOG = '/ngfw/var/log/messages'
/** What the manager broadcast last: a `CloudSettings`. (invented) */
export const CLOUD_SETTINGS = '/ngfw/etc/sf/cloud-settings.json'
/** What the manager sent last: a `HealthPolicy`. (invented) */
export const HEALTH_POLICY = '/ngfw/etc/sf/health-policy.json'
/** The certificate authority of the management channel. (invented) */
export const SFTUNNEL_CA = '/ngfw/etc/sf/keys/sftunnel/cacert.pem'
/** How the management channel stands: an `SftunnelState`. (invented) */
export const SFTUNNEL_STATE = '/ngfw/var/sf/run/sftunnel.json'
/** Where other processes of the device reach the management channel. (invented) */
export const SFTUNNEL_SOCKET = '/ngfw/var/sf/run/sftunnel.sock'
/** Certificates of the operating system. (seed A) */
export const SYSTEM_CA_FOLDER = '/etc/ssl/certs'
