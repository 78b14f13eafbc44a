import { describe, expect, test } from 'vitest'
import type { Forwarding } from '../../../shared/kernel/net.ts'
import { toIptables } from '../../../shared/os/iptables.ts'
import { delaysOf, toTc } from '../../../shared/os/netem.ts'

describe('iptables', () => {
  const text = (forwarding: Partial<Forwarding>) => toIptables({ rules: [], otherwise: 'accept', ...forwarding })

  test('accepts what no rule matches and hides the inside network', () => {
    expect(text({ masquerade: '192.0.2.0/24' })).toBe(
      [
        '*filter',
        ':INPUT ACCEPT [0:0]',
        ':FORWARD ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        'COMMIT',
        '*mangle',
        ':PREROUTING ACCEPT [0:0]',
        ':INPUT ACCEPT [0:0]',
        ':FORWARD ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        ':POSTROUTING ACCEPT [0:0]',
        'COMMIT',
        '*nat',
        ':PREROUTING ACCEPT [0:0]',
        ':INPUT ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        ':POSTROUTING ACCEPT [0:0]',
        '-A POSTROUTING -s 192.0.2.0/24 ! -d 192.0.2.0/24 -j MASQUERADE',
        'COMMIT',
        '',
      ].join('\n'),
    )
  })

  test('has a line for each source, target and protocol, in the order of the rules', () => {
    const lines = text({
      rules: [
        { action: 'accept', from: ['192.0.2.80'] },
        { action: 'drop', from: ['192.0.2.27', '192.0.2.28'], to: ['203.0.113.0/24'], protocol: 'tcp', port: 443 },
        { action: 'reject', to: ['203.0.113.9'] },
        { action: 'drop', port: 53 },
      ],
      otherwise: 'drop',
    }).split('\n')
    expect(lines).toContain(':FORWARD DROP [0:0]')
    expect(lines.filter((line) => line.startsWith('-A FORWARD'))).toEqual([
      '-A FORWARD -s 192.0.2.80 -j ACCEPT',
      '-A FORWARD -s 192.0.2.27 -d 203.0.113.0/24 -p tcp --dport 443 -j DROP',
      '-A FORWARD -s 192.0.2.28 -d 203.0.113.0/24 -p tcp --dport 443 -j DROP',
      '-A FORWARD -d 203.0.113.9 -p tcp -j REJECT --reject-with tcp-reset',
      '-A FORWARD -d 203.0.113.9 -j REJECT --reject-with icmp-port-unreachable',
      '-A FORWARD -p tcp --dport 53 -j DROP',
      '-A FORWARD -p udp --dport 53 -j DROP',
    ])
  })

  test('loses first, both ways, then judges; delays are classes, of which the first shape gives the last', () => {
    const lines = text({
      rules: [{ action: 'accept' }],
      shapes: [
        { from: ['192.0.2.27'], to: ['203.0.113.9'], port: 443, protocol: 'tcp', lossPercent: 12.5 },
        { to: ['203.0.113.0/24'], delayMs: 3_000, lossPercent: 100 },
        { to: ['203.0.113.8'], port: 53, delayMs: 150 },
        { protocol: 'icmp', delayMs: 3_000 },
      ],
    }).split('\n')
    const inTable = (name: string) => lines.slice(lines.indexOf(name), lines.indexOf('COMMIT', lines.indexOf(name)))
    expect(inTable('*filter').filter((line) => line.startsWith('-A'))).toEqual([
      '-A FORWARD -s 192.0.2.27 -d 203.0.113.9 -p tcp --dport 443 -m statistic --mode random --probability 0.125 -j DROP',
      '-A FORWARD -s 203.0.113.9 -d 192.0.2.27 -p tcp --sport 443 -m statistic --mode random --probability 0.125 -j DROP',
      '-A FORWARD -d 203.0.113.0/24 -j DROP',
      '-A FORWARD -s 203.0.113.0/24 -j DROP',
      '-A FORWARD -j ACCEPT',
    ])
    expect(inTable('*mangle').filter((line) => line.startsWith('-A'))).toEqual([
      '-A FORWARD -p icmp -j CLASSIFY --set-class 1:1',
      '-A FORWARD -d 203.0.113.8 -p tcp --dport 53 -j CLASSIFY --set-class 1:2',
      '-A FORWARD -d 203.0.113.8 -p udp --dport 53 -j CLASSIFY --set-class 1:2',
      '-A FORWARD -s 203.0.113.8 -p tcp --sport 53 -j CLASSIFY --set-class 1:2',
      '-A FORWARD -s 203.0.113.8 -p udp --sport 53 -j CLASSIFY --set-class 1:2',
      '-A FORWARD -d 203.0.113.0/24 -j CLASSIFY --set-class 1:1',
      '-A FORWARD -s 203.0.113.0/24 -j CLASSIFY --set-class 1:1',
    ])
  })
})

describe('tc', () => {
  test('has nothing to do without a delay', () => {
    expect(delaysOf([{ lossPercent: 10 }])).toEqual([])
    expect(toTc(['eth0', 'eth1'], [])).toBe('')
  })

  test('has a class with its netem for each delay on each interface', () => {
    expect(delaysOf([{ delayMs: 3_000 }, { lossPercent: 1 }, { delayMs: 12.5 }, { delayMs: 3_000 }])).toEqual([3_000, 12.5])
    expect(toTc(['eth0', 'eth1'], [3_000, 12.5]).split('\n')).toEqual([
      'qdisc add dev eth0 root handle 1: htb default 0',
      'class add dev eth0 parent 1: classid 1:1 htb rate 100gbit quantum 60000',
      'qdisc add dev eth0 parent 1:1 handle 2: netem delay 3000000us limit 100000',
      'class add dev eth0 parent 1: classid 1:2 htb rate 100gbit quantum 60000',
      'qdisc add dev eth0 parent 1:2 handle 3: netem delay 12500us limit 100000',
      'qdisc add dev eth1 root handle 1: htb default 0',
      'class add dev eth1 parent 1: classid 1:1 htb rate 100gbit quantum 60000',
      'qdisc add dev eth1 parent 1:1 handle 2: netem delay 3000000us limit 100000',
      'class add dev eth1 parent 1: classid 1:2 htb rate 100gbit quantum 60000',
      'qdisc add dev eth1 parent 1:2 handle 3: netem delay 12500us limit 100000',
      '',
    ])
  })

  test('counts in hexadecimal, as tc and iptables do', () => {
    const lines = toTc(
      ['eth0'],
      Array.from({ length: 16 }, (_, index) => index + 1),
    ).split('\n')
    expect(lines.slice(-3, -1)).toEqual([
      'class add dev eth0 parent 1: classid 1:10 htb rate 100gbit quantum 60000',
      'qdisc add dev eth0 parent 1:10 handle 11: netem delay 16000us limit 100000',
    ])
  })
})
