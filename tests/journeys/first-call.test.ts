/** The first call on a fresh machine: the embedded database and the demo provider. */
import { after } from 'node:test'
import { startPortico } from '../support/portico.ts'
import { firstCall } from './first-call.ts'

const portico = await startPortico()
after(() => portico.stop())

firstCall({ portico, environment: { PORTICO_DATA: portico.data } })
