/** A small contract with one operation for each thing that the gateway treats differently. */
import assert from 'node:assert/strict'
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Operation } from '#/contracts/compile/compile.ts'

const thing = {
  type: 'object',
  required: ['id', 'name'],
  properties: {
    id: { type: 'string', 'x-portico-class': 'public' },
    name: { type: 'string', 'x-portico-class': 'public' },
    size: { type: 'integer', 'x-portico-class': 'public' },
    cost: { type: 'string', 'x-portico-class': 'cost' },
    forgotten: { type: 'string' },
  },
}

const newThing = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 20 },
    size: { type: 'integer', minimum: 1, maximum: 1000 },
    price: { type: 'number' },
    parent: { $ref: '#/components/schemas/NewThing' },
  },
}

const text = (schema: object = {}) => ({ type: 'string', ...schema })
const json = (schema: object) => ({ 'application/json': { schema } })
const answers = (description: string, content?: object, headers?: object) => ({
  description,
  ...(content && { content }),
  ...(headers && { headers }),
})
const id = { name: 'id', in: 'path', required: true, schema: text({ pattern: '^[a-z0-9]{1,12}$' }) }
const refThing = { $ref: '#/components/schemas/Thing' }
const notFound = answers('Absent', {
  'application/problem+json': {
    schema: { type: 'object', properties: { title: text({ 'x-portico-class': 'public' }), trace: text() } },
  },
})

const paths = {
  '/things': {
    get: {
      operationId: 'listThings',
      parameters: [
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } },
        { name: 'status', in: 'query', schema: { enum: ['open', 'closed'] } },
        { name: 'X-Label', in: 'header', schema: text({ maxLength: 10 }) },
      ],
      responses: {
        200: answers('All', json({ type: 'array', items: refThing }), {
          'X-Total': { schema: { type: 'integer' } },
          'Cache-Control': { schema: text() },
          ETag: { schema: text() },
        }),
        304: answers('Unchanged'),
      },
    },
    post: {
      operationId: 'createThing',
      requestBody: { required: true, content: json({ $ref: '#/components/schemas/NewThing' }) },
      responses: { 201: answers('Made', json(refThing), { Location: { schema: text() } }), 409: notFound },
    },
  },
  '/things/{id}': {
    get: {
      operationId: 'getThing',
      parameters: [id],
      responses: { 200: answers('One', json(refThing)), 404: notFound },
    },
    head: { operationId: 'headThing', parameters: [id], responses: { 200: answers('One', json(refThing)) } },
    delete: { operationId: 'deleteThing', parameters: [id], responses: { 204: answers('Gone') } },
    patch: {
      operationId: 'hiddenPatch',
      parameters: [id],
      requestBody: { content: json(newThing) },
      responses: { 200: answers('Changed', json(refThing)) },
    },
  },
  '/things/{id}/file': {
    put: {
      operationId: 'putFile',
      parameters: [id],
      requestBody: { required: true, content: { 'application/octet-stream': {} } },
      responses: { 204: answers('Stored') },
    },
    get: {
      operationId: 'getFile',
      parameters: [id],
      responses: { 200: answers('Content', { 'application/pdf': { 'x-portico-class': 'public' } }) },
    },
  },
  '/secret-file': {
    get: {
      operationId: 'getSecretFile',
      responses: { 200: answers('Not for partners', { 'application/pdf': {} }) },
    },
  },
  '/export': {
    get: {
      operationId: 'exportThings',
      responses: { 200: answers('Lines', { 'application/x-ndjson': { schema: refThing } }) },
    },
  },
  '/events': {
    get: {
      operationId: 'watchThings',
      responses: { 200: answers('Events', { 'text/event-stream': { schema: refThing } }) },
    },
  },
  '/search': {
    post: {
      operationId: 'searchThings',
      requestBody: {
        content: {
          'application/x-www-form-urlencoded': {
            schema: { type: 'object', required: ['q'], properties: { q: text({ maxLength: 10 }) } },
          },
        },
      },
      responses: { 200: answers('Found', json({ type: 'array', items: refThing })) },
    },
  },
  '/moved': {
    get: {
      operationId: 'getMoved',
      responses: { 302: answers('Elsewhere', undefined, { Location: { schema: text() } }) },
    },
  },
  '/dark': { get: { operationId: 'getDark', responses: { 200: answers('Hidden', json(refThing)) } } },
}

export function compileTestContract(): readonly Operation[] {
  const compiled = compileDocument(
    {
      openapi: '3.1.0',
      info: { title: 'Things', version: '1.2.0' },
      paths,
      components: { schemas: { Thing: thing, NewThing: newThing } },
    },
    { contract: 'things' },
  )
  assert.deepEqual(compiled.refusals, [])
  return compiled.operations
}
