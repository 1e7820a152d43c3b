/** The references under docs/reference that are made from the code, so that they cannot fall behind it. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasons } from '#/access/entitlements/entitlements.ts'
import { decisionRules } from '#/gateway/gateway.ts'
import { permissionsPage } from '#/governance/roles/roles.ts'
import { settings } from '#/kernel/config/config.ts'
import { isProblemDefinition } from '#/kernel/problem/problem.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

const root = join(import.meta.dirname, '..')

const header = '<!-- Made by `npm run generate`; do not edit. -->\n'

export async function configurationReference(): Promise<string> {
  const rows = Object.values(settings).map((setting) => {
    const fallback = setting.fallback === null ? '' : `\`${setting.fallback}\``
    return `| \`${setting.name}\` | ${setting.kind} | ${fallback} | ${setting.sentence} |`
  })
  return `${header}
# Settings

Read from the environment once, at the start. All mistakes are reported at once, and nothing starts with one.

| name | kind | default | what it does |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

export async function permissionsReference(): Promise<string> {
  return `${header}
${permissionsPage()}`
}

/** What decides about access, and every reason it can give. */
export async function decisionsReference(): Promise<string> {
  const rows = reasons.map(
    ({ code, status, title, help }) => `| \`${code}\` | ${status} | ${title}. ${help} |`,
  )
  return `${header}
# Decisions

Whether an application may call an operation is one decision, made from facts: the exposure of its capability and the
gates it needs, the partner's package, grants, pilots and agreement, how far the capability is switched on, who is
suspended. The links are asked in this order, and the first that says no decides:

${decisionRules.map((rule, i) => `${i + 1}. \`${rule}\``).join('\n')}

A decision says \`allow\`, what goes with it (\`limits\`, \`quota\`, \`price\`), or the link that refused (\`rule\`) and why
(\`reason\`). It holds until a fact changes, and no longer than \`validUntil\`, the earliest moment at which one changes by
itself. Limits, quota and price are those of the agreement for the capability, else of the agreement in general, else of
the entitlement, else of the package.

## Reasons

The list is closed. A partner is told of a status 404 as of a path that does not exist, with \`route.not_found\`.

| reason | status | what it means |
| --- | --- | --- |
${rows.join('\n')}
`
}

/** Every exported problem definition of the server, by code. */
export async function problemDefinitions(): Promise<ProblemDefinition[]> {
  const files = globSync('server/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('.test.ts') && !file.endsWith('main.ts'),
  )
  const found = new Map<string, ProblemDefinition>()
  for (const file of files) {
    const exported = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>
    for (const value of Object.values(exported).filter(isProblemDefinition)) {
      if (found.has(value.code) && found.get(value.code) !== value) {
        throw new Error(`two problems have the code ${value.code}`)
      }
      found.set(value.code, value)
    }
  }
  return [...found.values()].toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

export async function problemsReference(): Promise<string> {
  const definitions = await problemDefinitions()
  const areas = new Map<string, ProblemDefinition[]>()
  for (const definition of definitions) {
    const area = definition.code.split('.', 1)[0] ?? ''
    areas.set(area, [...(areas.get(area) ?? []), definition])
  }
  const sections = [...areas].map(([area, list]) => `## ${area}\n\n${list.map(problemSection).join('\n')}`)
  return `${header}
# Problems

Every refusal is \`application/problem+json\` (RFC 9457). \`code\` is stable and never means anything else; \`detail\`
is for people and may change. \`retryable\` says whether the same request may succeed later without being changed.

${sections.join('\n')}`
}

function problemSection(definition: ProblemDefinition): string {
  const retry = definition.retryable ? 'may succeed later unchanged' : 'will not succeed unchanged'
  return `### ${definition.code}\n\n${definition.title}. Status ${definition.status}; ${retry}.\n\n${definition.help}\n`
}
