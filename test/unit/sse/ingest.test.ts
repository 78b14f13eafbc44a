import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { REGIONS } from '../../../shared/contract/region.ts'
import { DeviceList, EventCounts, EventList, SSE_PATHS, SseAccount } from '../../../shared/contract/sse.ts'
import { ACME, batchOf, CloudLab, OTHER } from './cloud-lab.ts'

const API = REGIONS.us.api

async function running(config: Parameters<CloudLab['start']>[0] = {}): Promise<CloudLab> {
  const lab = new CloudLab()
  await lab.start(config)
  return lab
}

async function counts(lab: CloudLab) {
  const token = await lab.sim.run(lab.accessToken())
  return EventCounts.parse((await lab.sim.run(lab.call(API, SSE_PATHS.eventCounts, { token }))).body).items
}

async function page(lab: CloudLab, query = '') {
  const token = await lab.sim.run(lab.accessToken())
  return EventList.parse((await lab.sim.run(lab.call(API, `${SSE_PATHS.events}${query}`, { token }))).body)
}

describe('batches', () => {
  test('a batch is stored, acknowledged and shown', async () => {
    await using lab = await running()
    const { id, accessToken } = await lab.sim.run(lab.device('guid-1'))
    const client = await lab.sim.run(lab.ingest(accessToken))
    client.send(batchOf(1, 3))
    await lab.sim.run(client.acked(1))
    expect(client.acks).toEqual([{ first: 1, ack: 3 }])
    const { items } = await page(lab)
    expect(items).toHaveLength(3)
    expect(items[0]).toEqual({
      device: id,
      deviceName: 'guid-1',
      number: 1,
      type: 'intrusion',
      id: 430001,
      time: 1_767_614_400_000,
      storedAt: lab.sim.clock.now(),
      fields: { SrcIP: '198.51.100.7', DstPort: 443, Message: 'PROTOCOL-ICMP é' },
    })
  })

  test('repeats are acknowledged, dropped and counted, also when they overlap', async () => {
    await using lab = await running()
    const { id, accessToken } = await lab.sim.run(lab.device('guid-1'))
    const client = await lab.sim.run(lab.ingest(accessToken))
    client.send(batchOf(1, 10))
    client.send(batchOf(1, 10))
    client.send(batchOf(6, 15))
    await lab.sim.run(client.acked(3))
    expect(client.acks).toEqual([
      { first: 1, ack: 10 },
      { first: 1, ack: 10 },
      { first: 6, ack: 15 },
    ])
    expect(await counts(lab)).toEqual([
      { device: id, deviceName: 'guid-1', stored: 15, repeated: 15, rejected: 0, highest: 15, lastStoredAt: lab.sim.clock.now() },
    ])
  })

  test('a batch of events that were not meant for the cloud is acknowledged without storing any', async () => {
    await using lab = await running()
    const client = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    client.send({ first: 5, last: 9, events: [] })
    await lab.sim.run(client.acked(1))
    expect(client.acks).toEqual([{ first: 5, ack: 9 }])
    expect(await counts(lab)).toMatchObject([{ stored: 0, highest: 0 }])
  })

  test('a device that comes back after it was removed does not store its events twice', async () => {
    await using lab = await running()
    const before = await lab.sim.run(lab.device('guid-1'))
    const first = await lab.sim.run(lab.ingest(before.accessToken))
    first.send(batchOf(1, 5))
    await lab.sim.run(first.acked(1))
    const token = await lab.sim.run(lab.accessToken())
    await lab.sim.run(lab.call(API, `${SSE_PATHS.devices}/${before.id}`, { method: 'DELETE', token }))
    expect(await lab.sim.run(first.closed)).toEqual({ code: 1008, reason: 'the device was removed' })
    await expect(lab.sim.run(lab.ingest(before.accessToken))).rejects.toThrow('401')
    const second = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    second.send(batchOf(4, 8))
    await lab.sim.run(second.acked(1))
    expect(await counts(lab)).toMatchObject([{ stored: 8, repeated: 2, highest: 8 }])
  })

  test('the newest events of a device are kept; all are counted, and an old one that comes again is not stored again', async () => {
    await using lab = await running({ eventsKept: 1_500 })
    const devices = await Promise.all(['guid-1', 'guid-2'].map((guid) => lab.sim.run(lab.device(guid))))
    const client = await lab.sim.run(lab.ingest(devices[0]!.accessToken))
    const other = await lab.sim.run(lab.ingest(devices[1]!.accessToken))
    other.send(batchOf(1, 5))
    for (let first = 1; first <= 4_001; first += 500) client.send(batchOf(first, Math.min(first + 499, 4_001)))
    client.send(batchOf(1_000, 1_004))
    await lab.sim.run(client.acked(10))
    await lab.sim.run(other.acked(1))
    expect(await counts(lab)).toMatchObject([
      { stored: 4_001, repeated: 5, highest: 4_001 },
      { stored: 5, repeated: 0, highest: 5 },
    ])
    const { items } = await page(lab, `?device=${devices[0]!.id}&limit=1000`)
    expect(items[0]).toMatchObject({ number: 2_501 })
    expect((await page(lab, `?device=${devices[1]!.id}`)).items).toHaveLength(5)
  })

  test('pages go on where they ended, of one device and of all, by type', async () => {
    await using lab = await running()
    const devices = await Promise.all(['guid-1', 'guid-2'].map((guid) => lab.sim.run(lab.device(guid))))
    for (const [index, { accessToken }] of devices.entries()) {
      const client = await lab.sim.run(lab.ingest(accessToken))
      client.send(batchOf(1, 5, index === 0 ? 'intrusion' : 'file'))
      await lab.sim.run(client.acked(1))
    }
    const pages: string[][] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const { items, next: following }: EventList = await page(lab, `?limit=4${next === '' ? '' : `&after=${next}`}`)
      pages.push(items.map(({ deviceName, number }) => `${deviceName} ${number}`))
      next = following
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 2])
    expect(new Set(pages.flat()).size).toBe(10)
    const second = devices[1]!.id
    expect((await page(lab, `?device=${second}&after=3`)).items.map(({ number }) => number)).toEqual([4, 5])
    expect((await page(lab, '?type=file')).items.every(({ device }) => device === second)).toBe(true)
    expect((await page(lab, `?device=${second}&type=intrusion`)).items).toEqual([])
    expect((await page(lab, '?device=nobody')).items).toEqual([])
  })

  test('another organisation sees nothing of them', async () => {
    await using lab = await running()
    const client = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    client.send(batchOf(1, 3))
    await lab.sim.run(client.acked(1))
    const token = await lab.sim.run(lab.accessToken(OTHER))
    expect((await lab.sim.run(lab.call(API, SSE_PATHS.events, { token }))).body).toEqual({ items: [] })
    expect((await lab.sim.run(lab.call(API, SSE_PATHS.eventCounts, { token }))).body).toEqual({ items: [] })
  })

  test('what was acknowledged is there after a restart on the same database, and repeats are still repeats', async () => {
    const databasePath = join(tmpdir(), `ftdlab-sse-${process.pid}.db`)
    try {
      let accessToken: string
      let firstToken: string
      {
        await using lab = new CloudLab()
        await lab.start({ databasePath })
        firstToken = await lab.sim.run(lab.accessToken())
        ;({ accessToken } = await lab.sim.run(lab.device('guid-1')))
        const client = await lab.sim.run(lab.ingest(accessToken))
        client.send(batchOf(1, 4))
        await lab.sim.run(client.acked(1))
      }
      await using lab = new CloudLab()
      await lab.start({ databasePath })
      expect(await lab.sim.run(lab.accessToken())).not.toBe(firstToken)
      const client = await lab.sim.run(lab.ingest(accessToken))
      client.send(batchOf(3, 6))
      await lab.sim.run(client.acked(1))
      expect(await counts(lab)).toMatchObject([{ stored: 6, repeated: 2 }])
    } finally {
      for (const suffix of ['', '-wal', '-shm']) rmSync(databasePath + suffix, { force: true })
    }
  })
})

describe('who may connect', () => {
  test('no good token: 401; a device of another region: 403; a plain request: 426', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    await expect(lab.sim.run(lab.ingest('nonsense'))).rejects.toThrow('401')
    await expect(lab.sim.run(lab.ingest(accessToken, 'eu'))).rejects.toThrow('403')
    const plain = await lab.sim.run(lab.call(REGIONS.us.ingest, '/ingest/v1/events', { token: accessToken }))
    expect(plain).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } })
    expect((await lab.sim.run(lab.call(REGIONS.us.ingest, '/elsewhere', { token: accessToken }))).text).toBe('Forbidden')
  })

  test('a wrong WebSocket version or key is refused at the handshake', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const handshake = (more: string) =>
      `GET /ingest/v1/events HTTP/1.1\r\nHost: ${REGIONS.us.ingest}\r\nAuthorization: Bearer ${accessToken}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`
    for (const more of [
      'Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n',
    ]) {
      expect(await lab.sim.run(lab.raw(REGIONS.us.ingest, handshake(more)))).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  test('Eventing off ends the connections of the organisation with 1008 and refuses new ones with 403, until it is on again', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const other = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-2', OTHER))).accessToken))
    const client = await lab.sim.run(lab.ingest(accessToken))
    const token = await lab.sim.run(lab.accessToken())
    const account = SseAccount.parse((await lab.sim.run(lab.call(API, SSE_PATHS.account, { token }))).body)
    const set = (eventing: boolean) =>
      lab.sim.run(lab.call(API, SSE_PATHS.account, { method: 'PUT', token, body: { ...account, services: { eventing } } }))
    await set(false)
    expect(await lab.sim.run(client.closed)).toEqual({ code: 1008, reason: 'eventing is off for this organisation' })
    await expect(lab.sim.run(lab.ingest(accessToken))).rejects.toThrow('403')
    await set(true)
    await lab.sim.run(lab.ingest(accessToken))
    other.send(batchOf(1, 1))
    await lab.sim.run(other.acked(1))
  })

  test('the newer connection of a device wins', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const older = await lab.sim.run(lab.ingest(accessToken))
    const newer = await lab.sim.run(lab.ingest(accessToken))
    expect(await lab.sim.run(older.closed)).toEqual({ code: 1008, reason: 'the device has a newer connection' })
    newer.send(batchOf(1, 1))
    await lab.sim.run(newer.acked(1))
  })

  test('the device list says who is connected', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const connected = async () => {
      const token = await lab.sim.run(lab.accessToken())
      return DeviceList.parse((await lab.sim.run(lab.call(API, SSE_PATHS.devices, { token }))).body).items[0]!.connected
    }
    expect(await connected()).toBe(false)
    const client = await lab.sim.run(lab.ingest(accessToken))
    expect(await connected()).toBe(true)
    client.webSocket.close()
    await lab.sim.run(client.closed)
    expect(await connected()).toBe(false)
  })
})

const frame = (firstByte: number, payload: Buffer, masked = true) =>
  masked
    ? Buffer.concat([Buffer.from([firstByte, 0x80 | payload.length, 0, 0, 0, 0]), payload])
    : Buffer.concat([Buffer.from([firstByte, payload.length]), payload])

describe('a client that misbehaves is ended alone', () => {
  const text = Buffer.from('{}')

  test.each<[string, Buffer, number]>([
    ['an unmasked frame', frame(0x81, text, false), 1002],
    ['reserved bits', frame(0xc1, text), 1002],
    ['opcode 3', frame(0x83, text), 1002],
    ['a fragmented ping', frame(0x09, text), 1002],
    ['invalid UTF-8', frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ['a message of 8 MiB and more', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x80, 0, 1, 0, 0, 0, 0]), 1009],
    ['a binary message', frame(0x82, text), 1003],
    ['what is not JSON', frame(0x81, Buffer.from('{')), 1007],
    ['a batch of another shape', frame(0x81, text), 1008],
  ])('%s', async (_, bytes, code) => {
    await using lab = await running()
    const good = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    const bad = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-2'))).accessToken))
    bad.socket.write(bytes)
    expect((await lab.sim.run(bad.closed)).code).toBe(code)
    good.send(batchOf(1, 2))
    await lab.sim.run(good.acked(1))
    expect(await counts(lab)).toMatchObject([
      { stored: 2, rejected: 0 },
      { stored: 0, rejected: 1 },
    ])
  })

  test('the reason of a close says which event is wrong, and what came before is stored', async () => {
    await using lab = await running()
    const client = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    client.send(batchOf(1, 2))
    client.send({ ...batchOf(3, 4), last: 3 })
    client.send(batchOf(5, 6))
    expect(await lab.sim.run(client.closed)).toEqual({ code: 1008, reason: 'events[1]: number lies from first to last' })
    expect(await counts(lab)).toMatchObject([{ stored: 2, rejected: 1 }])
  })
})

describe('pings and silence', () => {
  test('a ping is answered', async () => {
    await using lab = await running()
    const client = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    const pong = new Promise((resolve) => client.webSocket.once('pong', (data) => resolve(data.toString())))
    client.webSocket.ping('hello')
    expect(await lab.sim.run(pong)).toBe('hello')
  })

  test('a quiet client that answers pings stays; one that does not is ended within three minutes', async () => {
    await using lab = await running()
    const quiet = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-1'))).accessToken))
    const dead = await lab.sim.run(lab.ingest((await lab.sim.run(lab.device('guid-2'))).accessToken))
    dead.webSocket.pong = () => {}
    let ended = false
    void dead.closed.then(() => (ended = true))
    await lab.sim.advance(120_000)
    expect(ended).toBe(false)
    await lab.sim.advance(60_000)
    expect(ended).toBe(true)
    await lab.sim.advance(600_000)
    quiet.send(batchOf(1, 1))
    await lab.sim.run(quiet.acked(1))
  })
})

test('the same seed gives the same cloud', async () => {
  const run = async () => {
    await using lab = await running()
    const { id, accessToken } = await lab.sim.run(lab.device('guid-1', ACME))
    const client = await lab.sim.run(lab.ingest(accessToken))
    client.send(batchOf(1, 50))
    await lab.sim.run(client.acked(1))
    return createHash('sha256')
      .update(JSON.stringify([id, accessToken, await page(lab)]))
      .digest('hex')
  }
  expect(await run()).toBe(await run())
})
