/** Suspending one application of a partner, and resuming it, in the management API. */
import { Type } from 'typebox'
import {
  applicationNotFound,
  resumeApplication,
  suspendApplication,
} from '#/identity/applications/applications.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { lineOfText, route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

export function applicationRoutes(): Route[] {
  return [stateRoute('suspend'), stateRoute('resume')]
}

function stateRoute(verb: 'suspend' | 'resume'): Route {
  const verbs = { suspend: suspendApplication, resume: resumeApplication }
  return route({
    method: 'POST',
    path: `/v1/partners/:id/applications/:application/${verb}`,
    permission: 'partners:write',
    action: `applications.${verb}`,
    summary:
      verb === 'suspend'
        ? 'From the next second on refuses every call of the application'
        : 'Lets a suspended application call again',
    params: Type.Object({
      id: Type.String({ description: '`ptn_…`' }),
      application: Type.String({ description: '`app_…`' }),
    }),
    body: Type.Object({ reason: lineOfText(500, 'Why, for the audit.') }, { additionalProperties: false }),
    answer: {
      status: 200,
      schema: Type.Object({
        id: Type.String(),
        environment: Type.Union([Type.Literal('live'), Type.Literal('sandbox')]),
        name: Type.String(),
        state: Type.Union([Type.Literal('active'), Type.Literal('suspended')]),
      }),
    },
    handle: async ({ params, body, transact }) => {
      const [partnerId, applicationId] = [parseId('ptn', params.id), parseId('app', params.application)]
      if (partnerId === null) throw partnerNotFound.with()
      if (applicationId === null) throw applicationNotFound.with()
      const { id, environment, name, state } = await transact(async (tx) => {
        if (!(await findPartner(tx, partnerId))) throw partnerNotFound.with()
        return verbs[verb](tx, partnerId, applicationId, body.reason)
      })
      return { status: 200, body: { id: publicId('app', id), environment, name, state } }
    },
  })
}
