import { createHash, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { bits, explicit, implicit, integer, nothing, octets, oid, printable, sequence, set, time, truth, utf8 } from './der.ts'

const ATTRIBUTES = { C: '2.5.4.6', ST: '2.5.4.8', L: '2.5.4.7', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3', title: '2.5.4.12' } as const

/** A distinguished name, in the order in which it is written. */
export type DistinguishedName = readonly (readonly [keyof typeof ATTRIBUTES, string])[]

export interface CertificateFields {
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  /** Positive, at most 16 bytes. */
  readonly serial: Uint8Array
  readonly validFromMs: number
  readonly validToMs: number
  readonly publicKey: KeyObject
  readonly issuerPublicKey: KeyObject
  readonly issuerKey: KeyObject
  /** `ca` may issue certificates. A leaf serves the names, and is a client's certificate too when `client` is set. */
  readonly use: { readonly ca: true } | { readonly ca: false; readonly names: readonly string[]; readonly client: boolean }
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const keyId = (key: KeyObject): Buffer => createHash('sha1').update(spki(key)).digest()

const name = (dn: DistinguishedName): Buffer =>
  sequence(...dn.map(([type, value]) => set(sequence(oid(ATTRIBUTES[type]), type === 'C' ? printable(value) : utf8(value)))))

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  critical ? sequence(oid(id), truth(), octets(value)) : sequence(oid(id), octets(value))

const isAddress = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text)
const alternativeName = (text: string): Buffer =>
  isAddress(text) ? implicit(7, Buffer.from(text.split('.').map(Number))) : implicit(2, Buffer.from(text, 'latin1'))

function extensions(fields: CertificateFields): Buffer {
  const { use } = fields
  const common = [
    extension('2.5.29.14', false, octets(keyId(fields.publicKey))),
    extension('2.5.29.35', false, sequence(implicit(0, keyId(fields.issuerPublicKey)))),
  ]
  if (use.ca) {
    // keyCertSign and cRLSign.
    return sequence(extension('2.5.29.19', true, sequence(truth())), extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1)), ...common)
  }
  const purposes = [oid('1.3.6.1.5.5.7.3.1'), ...(use.client ? [oid('1.3.6.1.5.5.7.3.2')] : [])]
  return sequence(
    extension('2.5.29.19', true, sequence()),
    // digitalSignature and keyEncipherment.
    extension('2.5.29.15', true, bits(Buffer.from([0xa0]), 5)),
    extension('2.5.29.37', false, sequence(...purposes)),
    extension('2.5.29.17', false, sequence(...use.names.map(alternativeName))),
    ...common,
  )
}

/** An X.509 v3 certificate signed with SHA-256, as PEM. Synchronous. */
export function signCertificate(fields: CertificateFields): string {
  const algorithm =
    fields.issuerKey.asymmetricKeyType === 'rsa' ? sequence(oid('1.2.840.113549.1.1.11'), nothing()) : sequence(oid('1.2.840.10045.4.3.2'))
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(fields.serial),
    algorithm,
    name(fields.issuer),
    sequence(time(fields.validFromMs), time(fields.validToMs)),
    name(fields.subject),
    spki(fields.publicKey),
    explicit(3, extensions(fields)),
  )
  return pem('CERTIFICATE', sequence(body, algorithm, bits(sign('sha256', body, fields.issuerKey))))
}

/** DER as PEM, with a final newline so that texts can be joined. */
export function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
