import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { CertificateReplacement, CloudCertificate } from '../../shared/contract/admin.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { TlsIdentity } from '../../shared/wire/tls/server.ts'
import type { SseConfig } from './config.ts'

/** The certificates that the cloud presents now, by host name. */
export interface Certificates {
  /** Whose certificate a handshake gets that asks for this name: the name's, else the default one's. */
  identityOf(servername: string | undefined): TlsIdentity | undefined
  readonly list: readonly CloudCertificate[]
  /** New handshakes present another one from now on. False when the cloud has no such name. Throws `LAB_BAD_INPUT` for what no server could present. */
  replace(name: string, replacement: CertificateReplacement): boolean
  /** New handshakes present the configured one again. False when the cloud has no such name. */
  restore(name: string): boolean
}

/** Starts with the configured certificates. Names are compared without case. */
export function createCertificates(config: Pick<SseConfig, 'certificates' | 'expiredCertificates' | 'defaultName'>): Certificates {
  const own = new Map<string, TlsIdentity>(Object.entries(config.certificates).map(([name, identity]) => [name.toLowerCase(), identity]))
  const presented = new Map(own)
  return {
    identityOf: (servername) => presented.get((servername ?? '').toLowerCase()) ?? presented.get(config.defaultName.toLowerCase()),
    get list() {
      return [...presented].map(([name, identity]) => ({ name, replaced: identity !== own.get(name) }))
    },
    replace(name, replacement) {
      const key = name.toLowerCase()
      if (!own.has(key)) return false
      if ('issued' in replacement) {
        const expired = config.expiredCertificates[key]
        if (expired === undefined) throw new LabError('LAB_BAD_INPUT', `issued: the cloud was given no expired certificate for ${key}`)
        presented.set(key, expired)
      } else {
        checkIdentity(replacement.chainPem, replacement.keyPem)
        presented.set(key, replacement)
      }
      return true
    },
    restore(name) {
      const key = name.toLowerCase()
      const original = own.get(key)
      if (original === undefined) return false
      presented.set(key, original)
      return true
    },
  }
}

/** Refuses what OpenSSL would refuse, or what would make every handshake fail for another reason than the certificate. */
function checkIdentity(chainPem: string, keyPem: string): void {
  const leaf = parsed('chainPem', 'a PEM certificate', () => new X509Certificate(chainPem))
  const key: KeyObject = parsed('keyPem', 'a PEM private key', () => createPrivateKey(keyPem))
  if (key.asymmetricKeyType !== 'rsa')
    throw new LabError('LAB_BAD_INPUT', `keyPem: the cloud's cipher needs an RSA key, not ${key.asymmetricKeyType}`)
  if (!leaf.checkPrivateKey(key)) throw new LabError('LAB_BAD_INPUT', 'keyPem: it is not the key of the first certificate in chainPem')
  parsed('chainPem', 'a chain that OpenSSL takes', () => createSecureContext({ cert: chainPem, key: keyPem }))
}

function parsed<T>(field: string, wanted: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new LabError('LAB_BAD_INPUT', `${field}: it is not ${wanted}: ${(error as Error).message}`, { cause: error })
  }
}
