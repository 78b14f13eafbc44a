import { removeProject } from './project.ts'

// Removes a lab's containers when the process that started it is gone: its end of the standard input closes then, whatever ended it. A lab that ended in
// good order says so first.
const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
if (Buffer.concat(chunks).toString() !== 'done') await removeProject(process.argv[2]!)
