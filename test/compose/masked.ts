/**
 * What a command printed without what differs from run to run: process numbers, inodes, ports, times, MAC addresses, the one of two addresses that a name was
 * tried at, and the padding that follows from them; `inAnyOrder` sorts its lines, too.
 */
export function masked(output: string, inAnyOrder: boolean): string {
  const lines = output
    .replaceAll('\r', '')
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, '<date>')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT/g, '<date>')
    .replaceAll(/\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}/g, '<date>')
    .replaceAll(/(?:[\dA-F]{2}:){5}[\dA-F]{2}/gi, '<mac>')
    .replaceAll(/203\.0\.113\.\d+/g, '<cloud>')
    .replaceAll(/ec2-203-0-113-\d+/g, 'ec2-<cloud>')
    // Docker writes the short name of a container's own address into its /etc/hosts.
    .replaceAll(/TCP ftd1(?:\.lab\.example)?:/g, 'TCP ftd1:')
    .replaceAll(/"[0-9a-f]+-[0-9a-f]+"/g, '"<etag>"')
    .replaceAll(/\b\d{5,}\b/g, '<number>')
    .replaceAll(/\b\d+\/(EventHandler|connector)/g, '<pid>/$1')
    .replaceAll(/^(connector +)\d+/gm, '$1<pid>')
    .replaceAll(/Running \d+/g, 'Running <pid>')
    .replaceAll(/\b\d+u\b/g, '<fd>')
    .replaceAll(/[ \t]+/g, ' ')
  return inAnyOrder ? lines.split('\n').toSorted().join('\n') : lines
}
