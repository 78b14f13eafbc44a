import type { Scenario } from '../../shared/scenario/schema.ts'

/** The catalogue of scenarios as Markdown, for trainers: it tells the answers. */
export function catalogueMarkdown(scenarios: readonly Scenario[]): string {
  const rows = scenarios.map(
    ({ id, codename, title, difficulty, lab, answers, sources }) =>
      `| [${id}](${id}.yaml) | ${codename} | ${title.en} | ${difficulty} | ${lab.ftds} | ${answers.cause} | ${sources.join('; ')} |`,
  )
  return `# Scenarios

This page is made from the files beside it, and a test holds it to them. It tells the answers: learners see only codenames.

| id | codename | title | difficulty | FTDs | cause | sources |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Each one is proved by \`ftdlab scenario verify\`: the goal holds without the fault, every symptom shows with it, every solution reaches the goal and keeps it,
no reject does, and no event is lost. A scenario needs symptoms, a solution and at least two rejects to be here.
`
}
