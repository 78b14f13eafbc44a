import { createPrivateKey, X509Certificate } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { integer, oid, time } from '../../../shared/wire/pki/der.ts'
import { createFmcCa } from '../../../shared/wire/pki/fmc-ca.ts'
import { DAY_MS, pki, LAB_NOW_MS } from './wire-lab.ts'

const certificates = (chain: string): X509Certificate[] =>
  chain.split(/(?<=-----END CERTIFICATE-----\n)/).map((one) => new X509Certificate(one))

test('the chain has the shape of the seeds, and its root says that it is the lab', () => {
  const issued = pki.issue({ commonName: 'api-sse.cisco.com', names: ['api-sse.cisco.com', 'admin.sse.itd.cisco.com', '203.0.113.5'] })
  const [leaf, intermediate, root] = certificates(issued.chainPem)
  // Node writes a comma inside a value with a backslash.
  expect(leaf!.subject.split('\n')).toEqual(['C=US', 'ST=California', 'L=San Jose', 'O=Cisco Systems\\, Inc.', 'CN=api-sse.cisco.com'])
  expect(leaf!.issuer.split('\n')).toEqual(['C=US', 'O=HydrantID (Avalanche Cloud Corporation)', 'CN=HydrantID SSL ICA G2'])
  expect(leaf!.subjectAltName).toBe('DNS:api-sse.cisco.com, DNS:admin.sse.itd.cisco.com, IP Address:203.0.113.5')
  expect(intermediate!.issuer).toBe(root!.subject)
  expect(root!.subject).toContain('ftdlab')
  expect(leaf!.checkIssued(intermediate!) && leaf!.verify(intermediate!.publicKey)).toBe(true)
  expect(intermediate!.verify(root!.publicKey) && root!.verify(root!.publicKey)).toBe(true)
  expect([leaf!.ca, intermediate!.ca, root!.ca]).toEqual([false, true, true])
  expect(leaf!.checkPrivateKey(createPrivateKey(issued.keyPem))).toBe(true)
  expect(leaf!.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
})

test('certificates are valid when they are said to be', () => {
  const from = Date.UTC(2019, 11, 3, 20, 57, 56)
  const leaf = new X509Certificate(pki.issue({ commonName: 'x', validFromMs: from, validToMs: Date.UTC(2051, 0, 1) }).certPem)
  expect(leaf.validFromDate.getTime()).toBe(from)
  expect(leaf.validToDate.getTime()).toBe(Date.UTC(2051, 0, 1))
})

test('no two certificates have the same serial number', () => {
  const serials = ['a', 'b', 'c'].map((commonName) => new X509Certificate(pki.issue({ commonName }).certPem).serialNumber)
  expect(new Set(serials).size).toBe(3)
})

test('an FMC has its own CA, whose certificates prove servers and clients', () => {
  const ca = createFmcCa({ commonName: '0f1e', validFromMs: LAB_NOW_MS, validToMs: LAB_NOW_MS + DAY_MS })
  const issued = ca.issue({
    commonName: 'ftd1',
    validFromMs: LAB_NOW_MS,
    validToMs: LAB_NOW_MS + DAY_MS,
  })
  const leaf = new X509Certificate(issued.certPem)
  expect(leaf.verify(new X509Certificate(ca.caPem).publicKey)).toBe(true)
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
})

test('DER integers, identifiers and times are what the standard says', () => {
  expect(integer(Buffer.from([0, 0, 0x80])).toString('hex')).toBe('02020080')
  expect(integer(Buffer.from([0])).toString('hex')).toBe('020100')
  expect(oid('1.2.840.113549.1.1.11').toString('hex')).toBe('06092a864886f70d01010b')
  expect(time(Date.UTC(2049, 11, 31)).toString('latin1', 2)).toBe('491231000000Z')
  expect(time(Date.UTC(2050, 0, 1)).toString('latin1', 2)).toBe('20500101000000Z')
})

test('any names come back as they went in', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(label, label).map((two) => two.join('.')),
        { minLength: 1, maxLength: 30 },
      ),
      fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' }),
      (names, commonName) => {
        const leaf = new X509Certificate(pki.issue({ commonName, names }).certPem)
        expect(leaf.subjectAltName).toBe(names.map((name) => `DNS:${name}`).join(', '))
        expect(leaf.toLegacyObject().subject.CN).toBe(commonName)
      },
    ),
    { numRuns: 30 },
  )
})

test('OpenSSL itself is content with the chain', () => {
  const { chainPem } = pki.issue({ commonName: 'api-sse.cisco.com' })
  const text = execFileSync('openssl', ['x509', '-noout', '-subject', '-issuer', '-ext', 'basicConstraints,keyUsage,extendedKeyUsage'], {
    input: chainPem,
    encoding: 'utf8',
  })
  expect(text).toContain('issuer=C = US, O = HydrantID (Avalanche Cloud Corporation), CN = HydrantID SSL ICA G2')
  expect(text).toContain('Digital Signature, Key Encipherment')
})
