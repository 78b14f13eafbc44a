/** The cloud's regions and their host names. Source: seeds A and B, domain facts 1.1. */
export const REGIONS = {
  us: {
    id: 'us',
    name: 'us-east-1',
    description: 'US Region',
    api: 'api-sse.cisco.com',
    ingest: 'eventing-ingest.sse.itd.cisco.com',
    mx: 'mx01.sse.itd.cisco.com',
    dex: 'dex.sse.itd.cisco.com',
    admin: 'admin.sse.itd.cisco.com',
  },
  eu: {
    id: 'eu',
    name: 'eu-central-1',
    description: 'EU Region',
    api: 'api.eu.sse.itd.cisco.com',
    ingest: 'eventing-ingest.eu.sse.itd.cisco.com',
    mx: 'mx01.eu.sse.itd.cisco.com',
    dex: 'dex.eu.sse.itd.cisco.com',
    admin: 'admin.eu.sse.itd.cisco.com',
  },
  apj: {
    id: 'apj',
    name: 'ap-northeast-1',
    description: 'APJC Region',
    api: 'api.apj.sse.itd.cisco.com',
    ingest: 'eventing-ingest.apj.sse.itd.cisco.com',
    mx: 'mx01.apj.sse.itd.cisco.com',
    dex: 'dex.apj.sse.itd.cisco.com',
    admin: 'admin.apj.sse.itd.cisco.com',
  },
} as const

export type RegionId = keyof typeof REGIONS
export const REGION_IDS = Object.keys(REGIONS) as [RegionId, ...RegionId[]]
export type Region = (typeof REGIONS)[RegionId]

/** Certificate enrolment, shared by all regions. */
export const EST_HOST = 'est.sco.cisco.com'
