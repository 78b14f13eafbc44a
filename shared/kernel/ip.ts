import type { Ip } from './net.ts'

/** A dotted IPv4 address as a number, or undefined when the text is not one. */
export function parseIp(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  let value = 0
  for (let i = 1; i <= 4; i++) {
    const part = Number(match[i])
    if (part > 255) return undefined
    value = value * 256 + part
  }
  return value
}

export function formatIp(value: number): Ip {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}

/** An address range: `192.0.2.0/24`, or one address. */
export interface Prefix {
  readonly base: number
  readonly mask: number
}

/** Parses a prefix or a single address; undefined when the text is neither. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address, bits, ...rest] = text.split('/')
  const value = parseIp(address!)
  if (value === undefined || rest.length > 0) return undefined
  if (bits === undefined) return { base: value, mask: 0xffffffff }
  if (!/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  const mask = Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0
  return { base: (value & mask) >>> 0, mask }
}

export function inPrefix(address: number, prefix: Prefix): boolean {
  return (address & prefix.mask) >>> 0 === prefix.base
}

/** The broadcast address of an address's network. */
export function broadcastOf(address: Ip, netmask: Ip): Ip {
  const mask = parseIp(netmask)!
  return formatIp((parseIp(address)! | ~mask) >>> 0)
}
