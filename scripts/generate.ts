/** `npm run generate`: writes every generated file; `-- --check` only says which of them have drifted. */

import { root } from './commands.ts'
import { drifts, write } from './drift.ts'
import { generators } from './generators.ts'

async function main(checkOnly: boolean): Promise<void> {
  const found = await drifts(generators, root)
  for (const { file, reason } of found) console.log(checkOnly ? `${file} is ${reason}` : `wrote ${file}`)
  if (!checkOnly) write(found, root)
  else if (found.length > 0) process.exitCode = 1
  console.log(`${generators.length} generated files, ${found.length} ${checkOnly ? 'drifted' : 'written'}`)
}

await main(process.argv.includes('--check'))
