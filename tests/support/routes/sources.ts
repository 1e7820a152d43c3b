/** Every route and operation that stands in the code, as it is declared there: none may be in no registry of ours. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')

export type DeclaredRoute = {
  readonly file: string
  /** `PATCH /v1/partners/:id`; of a session API what stands behind its prefix: `GET ~/session`. */
  readonly name: string
  /** What it is the declaration of: where its path is put together, several. */
  readonly declares: (name: string) => boolean
}

/** No part of an API: for machines that watch us, and for people who look a problem up. */
const pages = /^GET \/(?:healthz|readyz|metrics|portal\/problems)\b/

/** Throws where a path cannot be read: it stands in the declaration. */
export function declaredRoutes(): DeclaredRoute[] {
  const files = globSync('server/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  return files
    .toSorted()
    .flatMap((file) => routesIn(file, readFileSync(join(root, file), 'utf8')))
    .filter(({ name }) => !pages.test(name))
}

export function routesIn(file: string, text: string): DeclaredRoute[] {
  const constants = new Map<string, string>()
  for (const [, name = '', , value = ''] of text.matchAll(/^const (\w+) = (['`])(.*)\2$/gm)) {
    constants.set(name, filled(value, constants))
  }
  return text
    .split(/(?=(?<![.\w])(?:route|partnerOperation)\(\{)/)
    .slice(1)
    .map((part) => {
      // Where several routes share it, it is not written out.
      const method = /\bmethod: '([A-Z]+)'/.exec(part)?.[1] ?? '${method}'
      const path = pathIn(part, constants)
      if (!path) throw new Error(`${file}: the path cannot be read in ${part.slice(0, 200)}`)
      const name = `${method} ${path}`
      const written = name.split(inserted).map((text) => RegExp.escape(text))
      const pattern = new RegExp(`^${written.join('[\\w-]+')}$`)
      return { file, name, declares: (other) => pattern.test(other) }
    })
}

/** What is not known before the program runs: `${verb}`. */
const inserted = /\$\{\w+\}/

/** Written out, put together from constants of the file, or one of them. */
function pathIn(part: string, constants: ReadonlyMap<string, string>): string | undefined {
  const [, , written, named] = /\bpath(?:: (['`])(.*?)\1|(?:: (\w+))?,)/.exec(part) ?? []
  return written === undefined ? constants.get(named ?? 'path') : filled(written, constants)
}

function filled(text: string, constants: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) =>
    name === 'prefix' ? '~' : (constants.get(name) ?? whole),
  )
}
