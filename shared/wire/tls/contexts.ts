import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { SecureContext, SecureContextOptions } from 'node:tls'

/** How many client contexts are kept: the trust stores of a few kinds of host, not one a device. */
const CLIENT_CONTEXTS = 32

const clientContexts = new Map<string, SecureContext>()

/** The OpenSSL context for these options, shared by all connections that ask for the same: to make one from a bundle of roots is slow. */
export function clientContext(options: SecureContextOptions): SecureContext {
  const hash = createHash('sha1')
  for (const value of [options.ca, options.key, options.cert, options.minVersion, options.maxVersion, options.ciphers]) {
    hash.update(Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value ?? null)).update('\0')
  }
  const key = hash.digest('base64')
  const context = clientContexts.get(key) ?? createSecureContext(options)
  // Used last, dropped last.
  clientContexts.delete(key)
  clientContexts.set(key, context)
  if (clientContexts.size > CLIENT_CONTEXTS) clientContexts.delete(clientContexts.keys().next().value!)
  return context
}

const serverContexts = new WeakMap<object, Map<string, SecureContext>>()

/** The context of a server's certificate (`identity`, by object) under these options; kept as long as the identity lives. */
export function serverContext(identity: object, options: SecureContextOptions): SecureContext {
  let contexts = serverContexts.get(identity)
  if (contexts === undefined) serverContexts.set(identity, (contexts = new Map()))
  const key = JSON.stringify([options.ca, options.minVersion, options.maxVersion, options.ciphers])
  let context = contexts.get(key)
  if (context === undefined) contexts.set(key, (context = createSecureContext(options)))
  return context
}
