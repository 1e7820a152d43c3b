/** Every route and operation that stands in the code, as it is declared there: none may be in no registry of ours. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')

export type DeclaredRoute = {
  readonly file: string
  readonly kind: 'route' | 'partnerOperation'
  /** `PATCH /v1/partners/:id`; of a session API what stands behind its prefix: `GET ~/session`. */
  readonly name: string
  /** What it is the declaration of: where its path is put together, several. */
  readonly declares: (name: string) => boolean
}

/** No part of an API: for machines that watch us, and for people who look a problem up. */
const pages = /^GET \/(?:healthz|readyz|metrics|portal\/problems)\b/

/** `${verb}`, as `RegExp.escape` leaves it. */
const inserted = /\\\$\\\{\w+\\\}/g

/** Throws where a declaration cannot be read: method and path are written out, beside each other. */
export function declaredRoutes(): DeclaredRoute[] {
  const files = globSync('server/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  return files
    .toSorted()
    .flatMap((file) => routesIn(file, readFileSync(join(root, file), 'utf8')))
    .filter(({ name }) => !pages.test(name))
}

export function routesIn(file: string, text: string): DeclaredRoute[] {
  return text
    .split(/(?=(?<![.\w])(?:route|partnerOperation)\(\{)/)
    .slice(1)
    .map((part) => {
      const kind = part.startsWith('route') ? 'route' : 'partnerOperation'
      const method = /\bmethod: '([A-Z]+)'/.exec(part)?.[1]
      const path = /\bpath: (['`])(.*?)\1/.exec(part)?.[2]?.replace(/^\$\{prefix\}/, '~')
      if (!method || !path) {
        throw new Error(`${file}: method and path cannot be read in ${part.slice(0, 200)}`)
      }
      const name = `${method} ${path}`
      const pattern = new RegExp(`^${RegExp.escape(name).replaceAll(inserted, '[a-z-]+')}$`)
      return { file, kind, name, declares: (other) => pattern.test(other) }
    })
}
