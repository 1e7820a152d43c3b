/** Designs: list, get, compute. */
import { computeDesign } from '../data/designs.ts'
import type { Product } from '../data/model.ts'
import { advance } from '../data/projects.ts'
import { type Answer, type BodyError, type Call, created, notFound, ok, unprocessable } from './answer.ts'
import { readInput } from './input.ts'
import { listed } from './pages.ts'
import { archivedProblem } from './projects.ts'

export function listDesigns(call: Call): Answer {
  return listed(call, call.data.designs, ['projectId', 'status'])
}

export function getDesign(call: Call): Answer {
  const design = call.data.designs.find(call.partner, call.id)
  return design ? ok(design) : notFound('design', call.id)
}

export function createDesign(call: Call): Answer {
  const { data, partner, now } = call
  const input = readInput(call.body)
  const projectId = input.text('projectId')
  const wish = {
    name: input.text('name'),
    inverterProductId: input.text('inverterProductId'),
    arrays: input.list('arrays').map((array) => ({
      label: array.text('label'),
      azimuthDegrees: array.number('azimuthDegrees'),
      tiltDegrees: array.number('tiltDegrees'),
      moduleProductId: array.text('moduleProductId'),
      moduleCount: array.number('moduleCount'),
    })),
  }
  const project = data.projects.find(partner, projectId)
  const errors = [
    ...input.errors,
    ...(project ? [] : [{ pointer: '#/projectId', detail: `There is no project ${projectId}.` }]),
    ...misplaced(call, '#/inverterProductId', wish.inverterProductId, 'inverter'),
    ...wish.arrays.flatMap((array, index) =>
      misplaced(call, `#/arrays/${index}/moduleProductId`, array.moduleProductId, 'module'),
    ),
  ]
  if (!project || errors.length > 0) return unprocessable(errors)
  const refusal = archivedProblem(project)
  if (refusal) return refusal

  const before = data.designs.page(partner, Infinity, Infinity, (one) => one.projectId === projectId)
  const design = data.designs.add(partner, (id) =>
    computeDesign(data.catalogue, project, wish, {
      id,
      now,
      revision: before.rows.length + 1,
      status: 'draft',
    }),
  )
  if (!project.showcase) data.projects.replace(partner, advance(project, 'designed', now, {}))
  return created(`/api/designs/${design.id}`, design)
}

/** A product that is not there, or not what belongs in this place. */
function misplaced(
  call: Call,
  pointer: string,
  id: string,
  category: Product['category'],
): readonly BodyError[] {
  const product = call.data.products.find(call.partner, id)
  if (!product) return [{ pointer, detail: `There is no product ${id}.` }]
  return product.category === category ? [] : [{ pointer, detail: `${id} is no ${category}.` }]
}
