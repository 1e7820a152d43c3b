/** The OpenAPI 3.1 document of an API of ours, made from its routes: plain data, in a stable order. */
import type { TObject } from 'typebox'
import { parameters, problemReference, problemResponse } from '#/kernel/http/operations.ts'
import type { Route } from '#/kernel/http/routes.ts'

export type DocumentHead = { readonly title: string; readonly version: string; readonly description: string }

export function routesDocument(head: DocumentHead, routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const path = templateOf(route)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  const document = {
    openapi: '3.1.0',
    info: head,
    paths,
    components: {
      securitySchemes: {
        serviceKey: { type: 'http', scheme: 'bearer', description: "A key of the provider's own service." },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-portico-admin',
          description:
            'An operator who is signed in; what changes something needs the header `Portico-Csrf` too.',
        },
      },
      responses: { Problem: problemResponse },
    },
  }
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>
}

function keyOf({ path, method }: Route): string {
  return `${path} ${method}`
}

/** `/v1/partners/:id` is `/v1/partners/{id}` there. */
function templateOf({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, '{$1}')
}

function operationOf(route: Route): object {
  const { permission, summary, params, query, body, answer, accepted } = route
  return {
    operationId: operationIdOf(route),
    summary,
    ...(permission !== 'public' && permission !== 'session' && { 'x-portico-permission': permission }),
    security: permission === 'public' ? [] : [{ serviceKey: [] }, { session: [] }],
    parameters: [...parameters('path', params), ...parameters('query', query)],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: body as TObject } } },
    }),
    responses: {
      [answer?.status ?? 200]: {
        description: summary,
        ...(answer?.schema && { content: { 'application/json': { schema: answer.schema } } }),
      },
      ...(accepted && {
        202: {
          description: 'Not yet: a second person has to approve',
          content: { 'application/json': { schema: accepted } },
        },
      }),
      default: problemReference,
    },
  }
}

/** `post-partners-id-suspend`: unique, and the same as long as method and path are. */
function operationIdOf({ method, path }: Route): string {
  const words = path.split(/\W+/).filter((word) => word !== '' && word !== 'v1')
  return [method.toLowerCase(), ...words].join('-')
}
