import { SSE_PATHS } from '../../shared/contract/sse.ts'
import type { Files } from '../../shared/kernel/files.ts'
import { readText } from '../../shared/host/optional-files.ts'
import { CONNECTOR_PROPERTIES } from './paths.ts'

/** What `connector.properties` says; a line that is missing or makes no sense leaves its field undefined. (seed A, B, C) */
export interface ConnectorProperties {
  /** `registration_interval`; its unit is not documented, seconds assumed. */
  readonly registrationIntervalSeconds: number | undefined
  readonly port: number | undefined
  readonly fqdn: string | undefined
}

/** The port of the connector's local API. (seed A, B, C) */
export const CONNECTOR_PORT = 8989

/** Where a region's list of regions is. */
const discoveryEndpoint = (fqdn: string): string => `https://${fqdn}${SSE_PATHS.regions}`

/**
 * The file's text as a device of this version has it: the three lines of seeds A and B, and from 6.7 on the four of seed C (from which version on is invented: 6.7
 * was the newest when that document was written).
 */
export function connectorProperties(fqdn: string, version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const discovery = major > 6 || (major === 6 && minor >= 7) ? `region_discovery_endpoint=${discoveryEndpoint(fqdn)}\n` : ''
  return `registration_interval=180\nconnector_port=${CONNECTOR_PORT}\n${discovery}connector_fqdn=${fqdn}\n`
}

export function parseConnectorProperties(text: string): ConnectorProperties {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) values.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
  }
  return {
    registrationIntervalSeconds: wholeNumber(values.get('registration_interval'), 86_400),
    port: wholeNumber(values.get('connector_port'), 65_535),
    fqdn: values.get('connector_fqdn') || undefined,
  }
}

/** Reads the file; without one, nothing is defined. */
export async function readConnectorProperties(files: Files): Promise<ConnectorProperties> {
  return parseConnectorProperties((await readText(files, CONNECTOR_PROPERTIES)) ?? '')
}

/** The text with another region's host in it, everything else as it was. */
export function withFqdn(text: string, fqdn: string): string {
  return text.replace(/^(connector_fqdn=).*$/m, `$1${fqdn}`).replace(/^(region_discovery_endpoint=).*$/m, `$1${discoveryEndpoint(fqdn)}`)
}

function wholeNumber(text: string | undefined, max: number): number | undefined {
  const value = Number(text)
  return Number.isInteger(value) && value > 0 && value <= max ? value : undefined
}
