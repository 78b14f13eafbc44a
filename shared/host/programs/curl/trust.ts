import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { codeOf } from '../../../kernel/errors.ts'
import type { Files } from '../../../kernel/files.ts'
import { absolutePath } from '../files.ts'
import { EXIT } from './messages.ts'
import { failure, type Session } from './session.ts'

/** Built into the appliance's curl. (seed A) */
const DEFAULT_CA_PATH = '/etc/ssl/certs'

/**
 * The certificates that curl trusts, as one PEM text: those of `--cacert`, or of every file in the folder of `--capath` (default
 * `/etc/ssl/certs`). Says in the trace where they are from. A file or folder that cannot be read is exit code 77, or only a remark with `-k`.
 * (lines: seeds A and C; 77 also for a folder: domain facts, appendix A)
 */
export async function readTrust(session: Session): Promise<string> {
  const { world, options, invocation } = session
  const caPath = options.caPath ?? (options.caFile === undefined ? DEFAULT_CA_PATH : undefined)
  const locations = `  CAfile: ${options.caFile ?? 'none'}\n  CApath: ${caPath ?? 'none'}`
  const parts: string[] = []
  try {
    if (options.caFile !== undefined) {
      const text = (await world.files.read(absolutePath(invocation, options.caFile))).toString('latin1')
      if (!isCertificates(text)) throw new Error(`${options.caFile} is not a file of certificates`)
      parts.push(text)
    }
    if (caPath !== undefined) parts.push(...(await readFolder(world.files, absolutePath(invocation, caPath), options.caPath === undefined)))
  } catch (error) {
    if (!options.insecure)
      throw failure(session, EXIT.badCaFile, `error setting certificate verify locations:\n${locations}`, { cause: error })
    session.note('error setting certificate verify locations, continuing anyway:')
    session.note(locations)
    return ''
  }
  session.note('successfully set certificate verify locations:')
  session.note(locations)
  return parts.join('\n')
}

/** A default folder that does not exist is an empty one: nobody named it. */
async function readFolder(files: Files, folder: string, mayBeMissing: boolean): Promise<string[]> {
  let names: string[]
  try {
    names = (await files.list(folder)).filter((entry) => entry.kind !== 'folder').map((entry) => entry.name)
  } catch (error) {
    if (mayBeMissing && codeOf(error) === 'ENOENT') return []
    throw error
  }
  const texts: string[] = []
  for (const name of names) texts.push((await files.read(`${folder}/${name}`)).toString('latin1'))
  return texts.filter(isCertificates)
}

/** Whether a text has certificates in PEM, all of them whole. */
function isCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?(?:-----END CERTIFICATE-----|$)/g) ?? []
  return blocks.length > 0 && blocks.every(isCertificate)
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== ''
  } catch {
    // Whatever OpenSSL found wrong with it, it is no certificate.
    return false
  }
}

/** The PEM texts of `--cert` and `--key`; exit code 58 when they cannot be read. (wording public: curl 7.44 openssl.c) */
export async function readClientCertificate(session: Session): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  const { certFile, keyFile } = session.options
  if (certFile === undefined) return undefined
  const keyPath = keyFile ?? certFile
  const complaint = 'could not load PEM client certificate, OpenSSL error (no key found, wrong pass phrase, or wrong file format?)'
  try {
    const cert = await session.world.files.read(absolutePath(session.invocation, certFile))
    const key = await session.world.files.read(absolutePath(session.invocation, keyPath))
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (error) {
    throw failure(session, EXIT.clientCertificate, complaint, { cause: error })
  }
}
