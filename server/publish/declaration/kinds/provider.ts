/** Who the provider is. Nothing else keeps it, so what the file said last is what runs. */
import type { Thing, Things } from '#/publish/declaration/things.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'

export function saidProvider({ provider: { name, supportEmail } }: Written): readonly Thing[] {
  const fields = { name, ...(supportEmail !== undefined && { supportEmail }) }
  return [{ kind: 'provider', name: '', fields }]
}

export function readProvider(last: Things): readonly Thing[] {
  const found = last.get('provider')
  return found ? [found] : []
}
