/**
 * The program's first file: what has to be set before anything else is loaded, and then the program.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

// V8 learns from requests in flight that such objects live long, makes them in the old generation, and there each
// keeps its request, answer and buffers alive until a full collection: 39 µs of CPU a call instead of 31
// (bench/gateway.bench.ts).
setFlagsFromString('--no-allocation-site-pretenuring')

// Compiled code is kept, which saves a fifth of a start. Among the packages, because whoever can write there owns
// the code anyway; in the system's folder for temporary files others could put theirs in its place. Where it
// cannot be written Node goes without.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'node'))

const { run } = await import('#/program.ts')
await run(process.env)
