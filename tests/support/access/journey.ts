/** The demo as people meet it who look after access: operators in the console, and partners with their keys. */
import assert from 'node:assert/strict'
import { browser, letterTo } from '../identity/browser.ts'
import { call, startPortico } from '../portico.ts'
import type { DemoFacts } from '../portico.ts'
import { within } from '../waiting.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the test that reads it asserts its shape
type Body = any

export type Person = {
  /** Asks the management API: `POST partners/ptn_…/suspend`. */
  ask(request: string, body?: object): Promise<{ readonly status: number; readonly body: Body }>
}

/** Whoever may call it, within the second in which a change reaches the gateway. */
export const promptly = (ask: () => Promise<boolean>) => within(1000, ask)

export async function accessJourney(data?: string) {
  const portico = await startPortico({}, data)
  const { publicUrl, facts } = { ...portico.facts, facts: portico.facts }
  const keyOf = (name: keyof DemoFacts['partners']) => facts.partners[name].live.apiKey
  const office = browser(facts.adminUrl, '/v1')
  assert.equal((await office.signIn(facts.operator)).status, 200)

  /** Invited by the first operator, and signed in. */
  async function operator(role: string): Promise<Person> {
    const email = `${role}@solstice.example`
    assert.equal((await office.ask('POST', '/v1/operators', { email, role })).status, 201)
    const guest = browser(facts.adminUrl, '/v1')
    const answer = { name: role, password: 'nine purple kettles sing' }
    const taken = await guest.ask('POST', `/v1/invitations/${await letterTo(portico.data, email)}`, answer)
    assert.ok(taken.status < 300, JSON.stringify(taken.json))
    return personOf(guest)
  }

  return {
    ...portico,
    /** The operator of the demo, who is an admin. */
    admin: personOf(office),
    operator,
    /** A call of the partner in live: `GET /api/products`. */
    partner: (name: keyof DemoFacts['partners']) => (request: string, body?: object) => {
      const [method = '', path = ''] = request.split(' ')
      return call(`${publicUrl}${path}`, { key: keyOf(name), method, ...(body && { body }) })
    },
  }
}

function personOf(page: ReturnType<typeof browser>): Person {
  return {
    async ask(request, body) {
      const [method = '', path = ''] = request.split(' ')
      const { status, json } = await page.ask(method, `/v1/${path}`, body)
      return { status, body: json }
    },
  }
}
