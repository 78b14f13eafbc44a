/**
 * The commands of an FTD's clish that the lab does not have. (public P38 and recalled: Cisco's command reference; those that some versions lack are among them)
 */
export const NOT_EMULATED: readonly string[] = [
  ...of(
    'show',
    `
    aaa-server access-control-config access-list arp asp audit-log blocks bgp bridge-group capture checksum clock cluster conn cpu
    crashinfo crypto ddns dhcpd disk disk-manager dns failover flow-offload fqdn high-availability https-access-list icmp inline-set
    interface inventory ip ipv6 lacp link-aggregation log-events-to-ramdisk logging memory model mtu nameif nat netstat
    network-dhcp-server network-static-routes ntp object object-group ospf packet packet-tracer perfmon perfstats portchannel
    process process-tree processes raid resource rip route rule running-config serial-number service-policy snmp-server snort snort3
    ssh-access-list ssl-policy-config ssl-protocol startup-config summary tech-support threat-detection time time-range traffic
    upgrade user users vlan vpn vpn-sessiondb xlate zone
  `,
  ),
  ...of(
    'configure',
    `
    cert-update coredump disable-https-access disable-ssh-access firewall flow-offload high-availability https-access-list
    identity-subnet-filter inspection log-events-to-ramdisk manager multi-instance password policy raid snort ssh-access-list
    ssl-protocol tcp-randomization unlock_time user vpn
  `,
  ),
  ...of(
    'configure network',
    `
    dhcp ipv4 ipv6 management-data-interface management-interface management-port mtu speed static-routes
  `,
  ),
  ...of(
    'system',
    `
    access-control file generate-troubleshoot lockdown-sensor support upgrade
  `,
  ),
  ...wordsOf(`
    aaa-server app-agent blocks capture capture-traffic cluster debug eotool failover generate-troubleshoot logging more nslookup
    packet-tracer perfmon pigtail redundant-interface restore sftunnel-status shun shutdown tail-logs traceroute undebug upgrade
    vpn-sessiondb
  `),
]

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/)
}

function of(group: string, commands: string): string[] {
  return wordsOf(commands).map((command) => `${group} ${command}`)
}
