import { defineConfig } from 'rolldown'

const HOSTS = ['dns', 'fmc', 'ftd', 'gateway', 'lab', 'proxy', 'sse'].map((service) => `services/${service}/main`)
/** What the images compile once (docker/compile) without running it: what the hosts' first modules load. */
const LOADED = [
  'shared/os/container',
  ...['dns', 'fmc', 'ftd', 'gateway', 'proxy', 'sse'].map((service) => `services/${service}/index`),
  ...['operator-host', 'plan'].map((part) => `services/lab/containers/${part}`),
]
const PROGRAMS = ['write', 'operator-requests'].map((program) => `services/lab/containers/${program}`)

/**
 * The containers' code: each module that Node starts or loads as one file, at the place of its source. Loading hundreds of modules instead is most of what
 * starting a host costs. As CommonJS, because an `import` of `node:http` makes Node load a whole HTTP client that nobody uses, and a `require` does not.
 */
export default defineConfig({
  input: Object.fromEntries([...HOSTS, ...LOADED, ...PROGRAMS].map((path) => [path, `${path}.ts`])),
  platform: 'node',
  // Its native part is looked for beside its own files; the other is a codec of just-bash's that no lab has.
  external: ['zeromq', '@mongodb-js/zstd'],
  output: { dir: 'bundles', format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
})
