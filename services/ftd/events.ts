import { EVENT_IDS, type DeviceEvent, type EventType } from '../../shared/contract/event.ts'
import type { Random } from '../../shared/kernel/random.ts'

type Fields = Record<string, string | number>

const SIGNATURES = [
  {
    sid: 58741,
    message: 'SERVER-OTHER Apache Log4j logging remote code execution attempt',
    classification: 'Attempted User Privilege Gain',
    priority: 1,
  },
  {
    sid: 31978,
    message: 'OS-OTHER Bash CGI environment variable injection attempt',
    classification: 'Attempted Administrator Privilege Gain',
    priority: 1,
  },
  {
    sid: 42329,
    message: 'OS-WINDOWS Microsoft Windows SMB remote code execution attempt',
    classification: 'Attempted Administrator Privilege Gain',
    priority: 1,
  },
  { sid: 19559, message: 'INDICATOR-SCAN SSH brute force login attempt', classification: 'Misc Activity', priority: 3 },
  { sid: 1917, message: 'INDICATOR-SCAN UPnP service discover attempt', classification: 'Detection of a Network Scan', priority: 3 },
] as const
const SERVICES = [
  { port: 80, application: 'HTTP', client: 'Web browser' },
  { port: 443, application: 'HTTPS', client: 'SSL client' },
  { port: 22, application: 'SSH', client: 'OpenSSH' },
  { port: 445, application: 'NetBIOS-ssn (SMB)', client: 'SMB client' },
] as const
const FILES = [
  { name: 'invoice.pdf', type: 'PDF', threat: 'Doc.Dropper.Agent' },
  { name: 'setup.exe', type: 'MSEXE', threat: 'W32.Generic.Trojan' },
  { name: 'report.docx', type: 'MSOFFICE', threat: 'Doc.Downloader.Generic' },
  { name: 'archive.zip', type: 'ZIP', threat: 'Zip.Malware.Agent' },
] as const

/**
 * One event as the detection engine would write it, with the keys of the security-event syslog in their order (public P40). Attackers come from 198.51.100.0/24;
 * values are invented. One connection in four is security-related (`EventPriority: High`). `now` is epoch ms.
 */
export function makeEvent(type: EventType, random: Random, now: number, deviceUuid: string): DeviceEvent {
  const id = random.pick(EVENT_IDS[type])
  const priority = type !== 'connection' || random.chance(0.25) ? 'High' : 'Low'
  const common: Fields = {
    EventPriority: priority,
    DeviceUUID: deviceUuid,
    InstanceID: random.int(1, 4),
    FirstPacketSecond: `${new Date(now).toISOString().slice(0, 19)}Z`,
    ConnectionID: random.int(1, 65_535),
  }
  return { type, id, time: now, fields: { ...common, ...MAKERS[type](random, id) } }
}

const MAKERS: Readonly<Record<EventType, (random: Random, id: number) => Fields>> = {
  intrusion: intrusionFields,
  connection: connectionFields,
  file: fileFields,
  malware: (random, id) => ({ ...fileFields(random, id), ThreatName: random.pick(FILES).threat }),
}

function endsOfConnection(random: Random): Fields {
  return {
    SrcIP: `198.51.100.${random.int(1, 254)}`,
    DstIP: `192.0.2.${random.int(100, 199)}`,
    SrcPort: random.int(32_768, 60_999),
  }
}

const ZONES: Fields = { IngressZone: 'outside', EgressZone: 'inside', IngressInterface: 'outside', EgressInterface: 'inside' }

function intrusionFields(random: Random): Fields {
  const { sid, message, classification, priority } = random.pick(SIGNATURES)
  return {
    ...endsOfConnection(random),
    DstPort: random.pick(SERVICES).port,
    Protocol: 'tcp',
    Priority: priority,
    GID: 1,
    SID: sid,
    Revision: random.int(1, 12),
    Message: `"${message}"`,
    Classification: classification,
    InlineResult: random.pick(['Dropped', 'Blocked']),
    IntrusionPolicy: 'Balanced Security and Connectivity',
    NAPPolicy: 'Balanced Security and Connectivity',
    ACPolicy: 'Default Access Control',
    User: 'No Authentication Required',
    ...ZONES,
  }
}

function connectionFields(random: Random, id: number): Fields {
  const { port, application, client } = random.pick(SERVICES)
  const atEnd = id === 430003
  return {
    AccessControlRuleAction: random.pick(['Allow', 'Block', 'Trust']),
    ...endsOfConnection(random),
    DstPort: port,
    Protocol: 'tcp',
    ...ZONES,
    IngressVRF: 'Global',
    EgressVRF: 'Global',
    ACPolicy: 'Default Access Control',
    AccessControlRuleName: 'inbound',
    'Prefilter Policy': 'Default Prefilter Policy',
    User: 'No Authentication Required',
    ...(atEnd ? { Client: client, ApplicationProtocol: application, ConnectionDuration: random.int(0, 600) } : {}),
    InitiatorPackets: random.int(1, 200),
    ResponderPackets: atEnd ? random.int(1, 400) : 0,
    InitiatorBytes: random.int(60, 20_000),
    ResponderBytes: atEnd ? random.int(60, 900_000) : 0,
    NAPPolicy: 'Balanced Security and Connectivity',
  }
}

function fileFields(random: Random, id: number): Fields {
  const file = random.pick(FILES)
  const malware = id === 430005
  return {
    ...endsOfConnection(random),
    DstPort: random.pick([80, 445]),
    Protocol: 'tcp',
    FileDirection: random.pick(['Download', 'Upload']),
    FileAction: malware ? 'Malware Block' : 'Detect',
    FileSHA256: random.bytes(32).toString('hex'),
    SHA_Disposition: malware ? 'Malware' : 'Unknown',
    FileName: file.name,
    FileType: file.type,
    FileSize: random.int(1_000, 5_000_000),
    ApplicationProtocol: 'HTTP',
    User: 'No Authentication Required',
    FilePolicy: 'Default File Policy',
  }
}
