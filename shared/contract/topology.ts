/** The lab's addresses: documentation ranges only. */
export const MANAGEMENT = { prefix: '192.0.2.0/24', netmask: '255.255.255.0' } as const
export const INTERNET = { prefix: '203.0.113.0/24', netmask: '255.255.255.0' } as const

export const ADDRESSES = {
  gateway: '192.0.2.1',
  gatewayOutside: '203.0.113.1',
  operator: '192.0.2.5',
  operatorOutside: '203.0.113.5',
  /** Nothing lives here: the wrong DNS server of the seeds. */
  nobody: '192.0.2.10',
  dns: '192.0.2.11',
  fmc: '192.0.2.20',
  ftd1: '192.0.2.27',
  proxy: '192.0.2.80',
} as const

/** The port of the customer's HTTP proxy. */
export const PROXY_PORT = 3128

/** What an operator of the lab logs in with. Documented defaults of the appliances, and a made-up organisation of the cloud. */
export const OPERATOR = {
  user: 'admin',
  password: 'Admin123',
  organisation: { clientId: 'ftdlab-client', clientSecret: 'ftdlab-secret', orgId: 'ftdlab-organisation', name: 'Lab Virtual Account' },
} as const
