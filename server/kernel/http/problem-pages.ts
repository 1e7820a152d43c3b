/** Problems as pages: what the `type` of each points to, and a refusal where a browser stands and no program of ours. */
import { readFileSync } from 'node:fs'
import { Type } from 'typebox'
import { NotFound } from '#/kernel/http/problems.ts'
import { route } from '#/kernel/http/routes.ts'
import type { Reply, Route } from '#/kernel/http/routes.ts'
import type { Problem } from '#/kernel/problem/problem.ts'

/** Texts; a backtick marks code. */
type Page = { readonly code: string; readonly facts: string; readonly help: string }

/** Sections `### code`, a line of facts, and the help under it. */
export function readProblemPages(markdown: string): Map<string, Page> {
  const pages = new Map<string, Page>()
  for (const section of markdown.split(/^### /m).slice(1)) {
    const [code = '', facts = '', ...help] = section.split('\n').filter((line) => line !== '')
    const end = help.findIndex((line) => line.startsWith('#'))
    pages.set(code, { code, facts, help: help.slice(0, end < 0 ? help.length : end).join(' ') })
  }
  return pages
}

/** `GET /portal/problems/:code`. The reference is read once, when the first page is asked for. */
export function problemPages(file: string): Route {
  let pages: Map<string, Page> | undefined
  return route({
    method: 'GET',
    path: '/portal/problems/:code',
    permission: 'public',
    summary: 'What a problem means and what to do about it',
    params: Type.Object({ code: Type.String({ maxLength: 100 }) }),
    handle: async (call) => {
      pages ??= readProblemPages(readFileSync(file, 'utf8'))
      const page = pages.get(call.params.code)
      if (!page) throw NotFound.with({ detail: 'No problem has this code.' })
      return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html(page) }
    },
  })
}

/** For who followed a link of another site: the same status, said to a person. Links to nowhere. */
export function pageOfProblem({ definition, occurrence }: Problem, requestId: string): Reply {
  const page = {
    code: definition.title,
    facts: `\`${definition.code}\`, request \`${requestId}\``,
    help: occurrence.detail ?? definition.help,
  }
  const headers = { ...occurrence.headers, 'content-type': 'text/html; charset=utf-8' }
  return { status: definition.status, headers, body: html(page) }
}

function html(page: Page): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(page.code)}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
  h1 { font: 600 20px/1.3 ui-monospace, monospace; }
  p.facts { color: light-dark(#57606a, #9aa4af); }
  code { font-family: ui-monospace, monospace; }
</style>
<h1>${escape(page.code)}</h1>
<p class="facts">${inline(page.facts)}</p>
<p>${inline(page.help)}</p>
</html>
`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function inline(text: string): string {
  return escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
}
