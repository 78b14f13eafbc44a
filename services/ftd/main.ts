import { runContainer } from '../../shared/os/container.ts'

// The daemons of root share their sockets and folders with the connector, which is www's, through the group.
process.umask(0o002)
await runContainer({
  entry: import.meta.url,
  title: 'pm',
  async product() {
    const { ftdPrograms, startFtd } = await import('./index.ts')
    return { programs: ftdPrograms, start: startFtd }
  },
  commands: {
    curl: async () => ({ program: (await import('../../shared/host/programs/curl/curl.ts')).curl }),
    pmtool: async () => ({ program: (await import('../../shared/host/pmtool.ts')).pmtool('/ngfw') }),
    reboot: async () => ({ program: (await import('../../shared/host/reboot.ts')).reboot('/ngfw') }),
    clish: async () => {
      const [{ clishCommand }, { ftdPrograms }] = await Promise.all([import('./cli/command.ts'), import('./index.ts')])
      return { program: clishCommand(ftdPrograms), programs: ftdPrograms, rawTerminal: true }
    },
  },
})
