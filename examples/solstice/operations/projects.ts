/** Projects: list, get, start, archive. */
import type { Project, Roof } from '../data/model.ts'
import { roofLimitKwp, startProject } from '../data/projects.ts'
import {
  type Answer,
  type Call,
  created,
  etag,
  notFound,
  ok,
  problem,
  tagged,
  unprocessable,
} from './answer.ts'
import { type Input, readInput } from './input.ts'
import { listed } from './pages.ts'

export function listProjects(call: Call): Answer {
  return listed(call, call.data.projects, ['status'])
}

export function getProject(call: Call): Answer {
  const project = call.data.projects.find(call.partner, call.id)
  return project ? tagged(call, project) : notFound('project', call.id)
}

export function createProject(call: Call): Answer {
  const { data } = call
  const input = readInput(call.body)
  const wish = {
    name: input.text('name'),
    customer: readCustomer(input.object('customer')),
    site: readSite(input.object('site')),
    roof: readRoof(input.object('roof')),
    labels: input.texts('labels'),
    desiredSizeKwp: input.optionalNumber('desiredSizeKwp'),
  }
  if (input.errors.length > 0) return unprocessable(input.errors)
  const panel = data.products.find(call.partner, 'prd_101')
  const limit = panel ? roofLimitKwp(wish.roof, panel) : 0
  if ((wish.desiredSizeKwp ?? 0) > limit) {
    return unprocessable([
      { pointer: '#/desiredSizeKwp', detail: `The roof has room for ${limit} kWp at most.` },
    ])
  }
  const project = data.projects.add(call.partner, (id) => startProject(data.catalogue, id, call.now, wish))
  return created(`/api/projects/${project.id}`, project, { etag: etag(project) })
}

export function archiveProject(call: Call): Answer {
  const project = call.data.projects.find(call.partner, call.id)
  if (!project) return notFound('project', call.id)
  const refusal = unchangeable(project)
  if (refusal) return refusal
  const archived: Project = { ...project, status: 'archived', updatedAt: call.now }
  call.data.projects.replace(call.partner, archived)
  return ok(archived, { etag: etag(archived) })
}

function unchangeable(project: Project): Answer | null {
  if (project.showcase) {
    return problem(409, 'showcase_project', 'Showcase project', `${project.id} is shown to every partner.`)
  }
  return archivedProblem(project)
}

/** A project that is archived takes no designs and no proposals either. */
export function archivedProblem(project: Project): Answer | null {
  if (project.status !== 'archived') return null
  return problem(
    409,
    'project_archived',
    'Project is archived',
    `${project.id} is archived since ${project.updatedAt}.`,
  )
}

function readCustomer(input: Input): Project['customer'] {
  return {
    reference: input.text('reference'),
    name: input.text('name'),
    email: input.text('email'),
    phone: input.optionalText('phone'),
  }
}

function readSite(input: Input): Project['site'] {
  const location = input.has('location') ? input.object('location') : null
  return {
    street: input.text('street'),
    postalCode: input.text('postalCode'),
    city: input.text('city'),
    country: input.text('country'),
    // The geocoder of a demonstration knows one place.
    location: location
      ? { latitude: location.number('latitude'), longitude: location.number('longitude') }
      : { latitude: 48.14, longitude: 11.58 },
  }
}

function readRoof(input: Input): Roof {
  const areaSquareMetres = input.number('areaSquareMetres')
  const covering = input.text('covering')
  if (input.text('kind') === 'flat') {
    return {
      kind: 'flat',
      areaSquareMetres,
      maxLoadKgPerSquareMetre: input.number('maxLoadKgPerSquareMetre'),
      covering,
      parapetHeightCm: input.optionalNumber('parapetHeightCm'),
    }
  }
  return {
    kind: 'pitched',
    areaSquareMetres,
    tiltDegrees: input.number('tiltDegrees'),
    azimuthDegrees: input.number('azimuthDegrees'),
    covering,
  }
}
